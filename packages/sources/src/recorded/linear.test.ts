import { expectLinearTime } from '@odograph/testing/linear-time.fixture';
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

describe('the time to read a line', () => {
  it.each(READERS)(
    'of %s is in proportion to its length, whatever is in it',
    async (_name, linesOf, read) => {
      await expectLinearTime((text) => {
        const lines = linesOf(text);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(MAX_LINE_BYTES);
        return Array.fromAsync(read(textLines(lines)));
      });
    },
  );
});
