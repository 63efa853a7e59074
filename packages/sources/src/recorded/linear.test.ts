import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Source } from '../source.ts';
import { readCapmetro } from './capmetro.ts';
import { type Line, MAX_LINE_BYTES } from './lines.ts';
import { readNdjson } from './ndjson.ts';
import { textLines } from './text-lines.fixture.ts';
import { readTwizy } from './twizy.ts';

const CAPMETRO = 'vehicle_id,timestamp,speed,latitude,longitude,route_id';
const CLEANED =
  'local_time,soc_pct,speed_kmh,mode,lat,lon,alt_m,gps_speed_kmh,ambient_c,humidity_pct,weather,wind_ms,traffic,speed_limit_kmh';
const RAW =
  'Date,Time,Soc,Speed,Mode,LAT,LON,ALT,GpsSpeed,Temperature,Humidity,Weather,WindSpeedAv,Traffic,SpeedLimit';

/** Short enough for 15 cells, or 10 texts of JSON with escapes, in a line. */
const TEXT_LENGTH = 50_000;

/** A line costs a few milliseconds of CPU. With one pattern that tries each split of a text of this length it is half a minute. */
const CPU_BUDGET_MS = 2_000;

/** CPU time of this thread, which other processes do not change. */
async function cpuMsOf(run: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage();
  await run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

const inEachCell = (header: string, text: string) => [
  header,
  header
    .split(',')
    .map(() => text)
    .join(','),
];

function inEachKey(text: string): string[] {
  const flat = {
    observed_at: text,
    clock_text: text,
    signals: { [text]: text, 'Vehicle.Overlay.Text': text },
  };
  const line = { vehicle_id: text, report_id: text, vin: text };
  return [text, JSON.stringify({ ...line, ...flat }), JSON.stringify({ ...line, samples: [flat] })];
}

const READERS: readonly [
  string,
  (text: string) => readonly string[],
  (lines: AsyncIterable<Line>) => Source,
][] = [
  ['capmetro', (text) => inEachCell(CAPMETRO, text), (lines) => readCapmetro(lines)],
  ['twizy, cleaned', (text) => inEachCell(CLEANED, text), (lines) => readTwizy(lines)],
  ['twizy, original', (text) => inEachCell(RAW, text), (lines) => readTwizy(lines)],
  ['ndjson', inEachKey, readNdjson],
];

/** What the patterns of times, numbers and names are made of, and what ends a match late. */
const part = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789.+-eE:TZ/ ",\\{[_aVx'), minLength: 1, maxLength });

/** A unit over and over, between two other texts. */
const repetition = fc.record({ head: part(12), unit: part(4), tail: part(4) });

const LATE = [
  { head: '', unit: '0', tail: 'x' },
  { head: '-1.', unit: '0', tail: 'x' },
  { head: '1e', unit: '0', tail: 'x' },
  { head: '2026-11-21T10:00:00.', unit: '0', tail: 'x' },
  { head: '', unit: 'Z', tail: 'x' },
];

describe('the time to read a line', () => {
  it.each(READERS)(
    'of %s is in proportion to its length, whatever is in it',
    async (_name, linesOf, read) => {
      const readsInTime = async ({ head, unit, tail }: (typeof LATE)[number]) => {
        const lines = linesOf(head + unit.repeat(TEXT_LENGTH / unit.length) + tail);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(MAX_LINE_BYTES);
        const cpuMs = await cpuMsOf(() => Array.fromAsync(read(textLines(lines))));
        expect(cpuMs).toBeLessThan(CPU_BUDGET_MS);
      };
      await fc.assert(fc.asyncProperty(repetition, readsInTime), {
        ...{ numRuns: 25, examples: LATE.map((late) => [late]) },
      });
    },
  );
});
