import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { describe, expect, it } from 'vitest';
import { openSource, type SourceFormat } from './open-source.ts';

const DATA = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

/** Every report of a recording, as its wire bytes by key. Fails on a row that cannot be read. */
async function reportsOf(file: string, format: SourceFormat) {
  const byKey = new Map<string, string>();
  let rows = 0;
  for await (const row of (await openSource(`${DATA}${file}`, format)).rows) {
    if ('unreadable' in row) throw new Error(`${file}:${row.row}: ${row.unreadable}`);
    rows += 1;
    byKey.set(row.report.reportId, Buffer.from(VehicleReport.encode(row.report).finish()).toString('hex'));
  }
  return { rows, byKey };
}

/** How many keys two recordings share, and how many of those with other content. */
function compared(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>) {
  const shared = [...a].filter(([key]) => b.has(key));
  return { shared: shared.length, conflicting: shared.filter(([key, bytes]) => b.get(key) !== bytes).length };
}

describe.skipIf(!existsSync(`${DATA}capmetro-buses`))(
  'the bus fleet in ../shared/data/capmetro-buses',
  () => {
    it('has 23,370 fixes under as many keys', async () => {
      const { rows, byKey } = await reportsOf('capmetro-buses/positions-2017-03-21.csv', 'capmetro');
      expect([rows, byKey.size]).toEqual([23_370, 23_370]);
    });
  },
);

describe.skipIf(!existsSync(`${DATA}twizy-ev`))('the electric drives in ../shared/data/twizy-ev', () => {
  it('have as many keys as rows in every file', async () => {
    for (const [file, expected] of [
      ['drives-5s.csv', 5_946],
      ['T3_04_22_2021_1.1hz.csv', 1_049],
      ['T3_04_22_2021_2.1hz.csv', 1_098],
      ['corrupt-rows.raw.csv', 70],
    ] as const) {
      const { rows, byKey } = await reportsOf(`twizy-ev/${file}`, 'twizy');
      expect([file, rows, byKey.size]).toEqual([file, expected, expected]);
    }
  });

  it('give the same bytes for an instant, whichever file it comes from', async () => {
    const every5s = await reportsOf('twizy-ev/drives-5s.csv', 'twizy');
    const outbound = await reportsOf('twizy-ev/T3_04_22_2021_1.1hz.csv', 'twizy');
    const inbound = await reportsOf('twizy-ev/T3_04_22_2021_2.1hz.csv', 'twizy');
    const raw = await reportsOf('twizy-ev/corrupt-rows.raw.csv', 'twizy');
    expect(compared(outbound.byKey, every5s.byKey)).toEqual({ shared: 210, conflicting: 0 });
    expect(compared(inbound.byKey, every5s.byKey)).toEqual({ shared: 220, conflicting: 0 });
    expect(compared(raw.byKey, every5s.byKey)).toEqual({ shared: 1, conflicting: 0 });
    expect(compared(outbound.byKey, inbound.byKey)).toEqual({ shared: 0, conflicting: 0 });
  });

  it('have 66 rows without a valid time', async () => {
    const source = await openSource(`${DATA}twizy-ev/corrupt-rows.raw.csv`, 'twizy');
    const rows = await Array.fromAsync(source.rows);
    const timeless = rows.filter((row) => 'report' in row && row.report.samples[0]?.clockText !== undefined);
    expect(timeless).toHaveLength(66);
  });
});
