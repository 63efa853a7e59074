import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readNdjson } from './ndjson.ts';
import { textLines } from './text-lines.fixture.ts';

async function rowOf(line: unknown) {
  const [row] = await Array.fromAsync(
    readNdjson(textLines([typeof line === 'string' ? line : JSON.stringify(line)])),
  );
  return row;
}

const AT = '2026-11-21T10:00:00.250Z';
const AT_MS = Date.parse(AT);

describe('a line of NDJSON', () => {
  it('is a report of one or more samples', async () => {
    const signals = {
      speed_kmh: 50,
      doors_locked: true,
      'Vehicle.Overlay.Driver': 'x',
      'Vehicle.IsMoving': true,
    };
    expect(
      await rowOf({
        vehicle_id: 'v1',
        report_id: 'r1',
        vin: '1M8GDM9AXKP042788',
        samples: [
          { observed_at: AT, signals },
          { observed_at: AT_MS + 1, signals: { battery_level_pct: 80.5 } },
        ],
      }),
    ).toEqual({
      row: 1,
      report: {
        vehicleId: 'v1',
        reportId: 'r1',
        vin: '1M8GDM9AXKP042788',
        samples: [
          {
            observedAtMs: AT_MS,
            signals: {
              speedKmh: 50,
              doorsLocked: true,
              others: {
                'Vehicle.Overlay.Driver': { kind: { $case: 'text', value: 'x' } },
                'Vehicle.IsMoving': { kind: { $case: 'flag', value: true } },
              },
            },
          },
          { observedAtMs: AT_MS + 1, signals: { batteryLevelPct: 80.5, others: {} } },
        ],
      },
    });
  });

  it('may be flat, with one sample, and is named by the vehicle and the observed time', async () => {
    const line = {
      vehicle_id: 'v1',
      observed_at: '2026-11-21T11:00:00.25+01:00',
      signals: { odometer_km: 12 },
    };
    expect(await rowOf(line)).toMatchObject({
      report: { reportId: `v1@${AT}`, samples: [{ observedAtMs: AT_MS }] },
    });
  });

  it('may have the text of a broken clock', async () => {
    expect(await rowOf({ vehicle_id: 'v1', clock_text: '90/02/2032 12:08', signals: {} })).toMatchObject({
      report: {
        reportId: 'v1@90/02/2032_12:08',
        samples: [{ observedAtMs: 0, clockText: '90/02/2032 12:08' }],
      },
    });
  });

  it('passes on values that only ingest can judge', async () => {
    const line = `{"vehicle_id":"a b","observed_at":"${AT}","signals":{"latitude_deg":91,"speed_kmh":1e999}}`;
    expect(await rowOf(line)).toMatchObject({
      report: { vehicleId: 'a b', samples: [{ signals: { latitudeDeg: 91, speedKmh: Infinity } }] },
    });
  });

  it.each([
    ['{"vehicle_id":', 'not valid JSON: '],
    ['[1,2]', 'the line must be a JSON object'],
    [{ observed_at: AT, signals: {} }, 'vehicle_id is missing'],
    [{ vehicle_id: 7, observed_at: AT, signals: {} }, 'vehicle_id must be a string'],
    [{ vehicle_id: 'v', observed_at: AT }, 'signals is missing'],
    [
      { vehicle_id: 'v', signals: {} },
      'needs either observed_at, or clock_text if the clock gave no valid time',
    ],
    [
      { vehicle_id: 'v', observed_at: '2026-11-21T10:00:00', signals: {} },
      'observed_at must be an ISO 8601 time that exists, with its offset (Z or +01:00), found "2026-11-21T10:00:00"; put',
    ],
    [
      { vehicle_id: 'v', observed_at: '2016-12-31T23:59:60Z', signals: {} },
      'that exists, with its offset (Z or +01:00), found "2016-12-31T23:59:60Z"',
    ],
    [
      { vehicle_id: 'v', observed_at: 1.5, signals: {} },
      'observed_at must be an ISO 8601 time, or Unix time',
    ],
    [{ vehicle_id: 'v', samples: {} }, 'samples must be an array'],
    [
      { vehicle_id: 'v', samples: [{ observed_at: AT, signals: {} }], observed_at: AT, signals: {} },
      'observed_at belongs into a sample, because the line has samples; signals belongs into a sample',
    ],
    [
      { vehicle_id: 'v', samples: [{ observed_at: AT, signals: {}, report_id: 'r', vin: 'x' }] },
      'samples.0.report_id belongs into the line, beside samples; samples.0.vin belongs into the line',
    ],
    [{ vehicle_id: '\ud800', observed_at: AT, signals: {} }, 'vehicle_id has half of a surrogate pair'],
    [{ vehicle_id: 'v', clock_text: 'x\udfff', signals: {} }, 'clock_text has half of a surrogate pair'],
    [
      { vehicle_id: 'v', observed_at: AT, signals: { 'Vehicle.X': '\ud83d' } },
      '"Vehicle.X" has half of a surrogate pair',
    ],
    [{ vehicle_id: 'v', samples: [{ observed_at: AT, signals: [] }] }, 'samples.0.signals must be an object'],
    [{ vehicle_id: 'v', observed_at: AT, signals: { speed_kmh: 'fast' } }, '"speed_kmh" must be a number'],
    [{ vehicle_id: 'v', observed_at: AT, signals: { speed_kmh: null } }, '"speed_kmh" must not be null'],
    [{ vehicle_id: 'v', observed_at: AT, signals: { speed: 1 } }, '"speed" is not a signal name'],
    [{ vehicle_id: 'v', observed_at: AT, signals: { 'Vehicle.X': [1] } }, '"Vehicle.X" must be a number, a'],
    [
      `{"vehicle_id":"v","observed_at":"${AT}","signals":{"__proto__":1}}`,
      '"__proto__" is not a signal name',
    ],
  ])('that cannot be read says why: %j', async (line, reason) => {
    const row = await rowOf(line);
    expect(row).toEqual({ row: 1, unreadable: expect.stringContaining(reason) });
  });

  it('that is unreadable does not affect the others, and keeps its number', async () => {
    const good = JSON.stringify({ vehicle_id: 'v', observed_at: AT, signals: { speed_kmh: 1 } });
    const rows = await Array.fromAsync(readNdjson(textLines([good, 'oops', '', good])));
    expect(rows.map((row) => [row.row, 'report' in row])).toEqual([
      [1, true],
      [2, false],
      [4, true],
    ]);
  });

  it('lists a few faults of many', async () => {
    const signals = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`s${at}`, 1]));
    const row = await rowOf({ vehicle_id: 'v', observed_at: AT, signals });
    expect(row).toEqual({ row: 1, unreadable: expect.stringMatching(/95 more$/) });
  });

  it('is as docs/ndjson.md shows it', async () => {
    const doc = readFileSync(fileURLToPath(new URL('../../../../docs/ndjson.md', import.meta.url)), 'utf8');
    const examples = [...doc.matchAll(/```json\n(.*)\n```/g)].map(([, json]) => json ?? '');
    const rows = await Array.fromAsync(readNdjson(textLines(examples)));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toHaveProperty('report');
  });
});
