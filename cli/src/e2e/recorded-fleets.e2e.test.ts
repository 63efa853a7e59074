import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  hasRecordedFleets,
  type JsonObject,
  type Outcome,
  type Platform,
  recorded,
  startPlatform,
} from './platform.fixture.ts';

const BUSES = recorded('capmetro-buses/positions-2017-03-21.csv');
const BUS_ROWS = 23_370;

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());

/** Without what depends on when a report came and when it was asked for. */
const withoutMoment = ({ position, last_received_at, age_ms, ...rest }: JsonObject) => rest;

/** What the views answer once they reflect a replay. */
async function busViews({ positions }: Outcome) {
  const atLeast = positions.flatMap((position) => ['--at-least', position]);
  const statuses = (await platform.json('status', ...atLeast)).map(withoutMoment);
  const range = ['--from', '2017-03-21T00:00:00Z', '--to', '2017-03-22T00:00:00Z'];
  const histories = await Promise.all(
    ['2023', '2509', '5011'].map(async (id) =>
      (await platform.json('history', id, ...range)).map(withoutMoment),
    ),
  );
  return { statuses, histories };
}

describe.skipIf(!hasRecordedFleets)('the recorded bus fleet', () => {
  test('has an outcome for every row; sent again, and shuffled, it adds nothing and the views answer the same', async () => {
    const first = await platform.replay(BUSES, '--format', 'capmetro');
    expect(first).toMatchObject({ sent: BUS_ROWS, accepted: BUS_ROWS, quarantined: 0, rejected: 0 });
    const [views, log] = [await busViews(first), await platform.log()];
    // Two rows have a sentinel speed and a good position: each makes one event, and what is quarantined of it a second one.
    expect(log).toHaveLength(BUS_ROWS + 2);
    expect(log.filter(({ type }) => type === 'TelemetryQuarantined')).toHaveLength(2);
    expect(views.statuses).toHaveLength(165);

    const [header, ...rows] = (await readFile(BUSES, 'utf8')).trimEnd().split('\n');
    const shuffled = await platform.writeFile('shuffled.csv', [header, ...shuffle(rows)].join('\n'));
    for (const file of [BUSES, shuffled]) {
      const again = await platform.replay(file, '--format', 'capmetro');
      expect(again).toMatchObject({ sent: BUS_ROWS, accepted: BUS_ROWS });
      expect(await platform.log()).toEqual(log);
      expect(await busViews(again)).toEqual(views);
    }
    await platform.restart();
    expect(await busViews(first)).toEqual(views);
  });

  test('keeps the location of a row whose speed is a sentinel', async () => {
    const range = ['--from', '2017-03-21T15:07:00Z', '--to', '2017-03-21T15:10:00Z'];
    const samples = await platform.json('history', '2023', ...range);
    const signals = samples.map((sample) => sample['signals'] as JsonObject);
    expect(signals.length).toBeGreaterThan(0);
    expect(signals.every((signal) => signal['latitude_deg'] !== undefined)).toBe(true);
    expect(signals.some((signal) => signal['speed_kmh'] === undefined)).toBe(true);
  });
});

describe.skipIf(!hasRecordedFleets)('the recorded electric drives', () => {
  test('arrive at 5 s and at 1 Hz, their corrupt rows quarantined and every good row in the views', async () => {
    const twizy = (file: string) => platform.replay(recorded(`twizy-ev/${file}`), '--format', 'twizy');
    expect(await twizy('drives-5s.csv')).toMatchObject({ sent: 5_946, accepted: 5_946 });
    expect(await twizy('T3_04_22_2021_1.1hz.csv')).toMatchObject({ sent: 1_049, accepted: 1_049 });
    expect(await twizy('T3_04_22_2021_2.1hz.csv')).toMatchObject({ sent: 1_098, accepted: 1_098 });
    const corrupt = await twizy('corrupt-rows.raw.csv');
    expect(corrupt).toMatchObject({ sent: 70, rejected: 0 });
    expect(corrupt.quarantined).toBeGreaterThan(50);

    // Ramadan: Morocco is on UTC, so the first second of the drive is 08:42:50Z.
    const range = ['--from', '2021-04-22T08:42:50Z', '--to', '2021-04-22T09:00:19Z'];
    const drive = await platform.json('history', 'twizy', ...range);
    expect(drive).toHaveLength(1_049);
    expect(drive[0]).toMatchObject({
      observed_at: '2021-04-22T08:42:50.000Z',
      signals: { battery_level_pct: 97.74 },
    });

    const before = await platform.log('--subject', 'twizy');
    await twizy('corrupt-rows.raw.csv');
    await twizy('drives-5s.csv');
    expect(await platform.log('--subject', 'twizy')).toEqual(before);
  });
});

/** A fixed shuffle (Fisher–Yates on a linear congruential generator), so that a failure can be repeated. */
function shuffle<T>(items: readonly T[]): T[] {
  const shuffled = [...items];
  let seed = 42;
  for (let at = shuffled.length - 1; at > 0; at -= 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    const other = seed % (at + 1);
    [shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T];
  }
  return shuffled;
}
