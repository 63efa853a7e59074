import type { Client } from '@odograph/client';
import { StaleReason } from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import { eventually } from '@odograph/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCaches } from './cluster.fixture.ts';

const MINUTE_MS = 60_000;
/** A range that is over. */
const FROM_MS = Date.parse('2026-05-01T12:00:00Z');
const RANGE = { fromMs: FROM_MS, toMs: FROM_MS + 10 * MINUTE_MS };

let platform: Awaited<ReturnType<typeof startCaches>>;
let clients: readonly [Client, Client];

beforeAll(async () => {
  platform = await startCaches(2);
  clients = platform.clients as unknown as [Client, Client];
});

afterAll(() => platform.stop());

/** Reports a sample for each speed, a minute apart, and gives the last position. */
async function drive(vehicleId: string, speeds: readonly number[], fromMs = FROM_MS) {
  let position = await platform.report(vehicleId, { odometer_km: 1 }, fromMs - MINUTE_MS);
  for (const [at, speed_kmh] of speeds.entries())
    position = await platform.report(vehicleId, { speed_kmh }, fromMs + at * MINUTE_MS);
  return position;
}

/** How many answers of a type came from each level. */
async function answersOf(client: Client, type: string): Promise<Record<string, number>> {
  const { types } = await client.cacheStats();
  return { ...types.find((each) => each.type === type)?.answers };
}

const speedsIn = ({ page }: Awaited<ReturnType<Client['cachedSamplePage']>>) =>
  page.samples.map(({ signals }) => signals?.speedKmh);

test('a page of a range that is over is what history answers, and read from history once by all processes', async () => {
  const atLeast = await drive('closed-1', [10, 20, 30]);
  const [client, other] = clients;
  const { position: _, ...wanted } = await client.samplePage('closed-1', { ...RANGE, pageSize: 2, atLeast });
  const before = await Promise.all(clients.map((each) => answersOf(each, 'samples')));
  for (const each of [client, client, other, other]) {
    const { page, freshness } = await each.cachedSamplePage('closed-1', { ...RANGE, pageSize: 2, atLeast });
    expect(page).toMatchObject(wanted);
    expect(page.position?.sequence).toBeGreaterThanOrEqual(atLeast.sequence);
    expect(freshness.staleReason).toBe(StaleReason.UNSPECIFIED);
    // The next process finds it in Redis when it is there.
    await eventually(async () => {
      const { levels } = await client.cacheStats();
      expect(levels.map(({ queued }) => queued)).toEqual(levels.map(() => 0));
    });
  }
  const after = await Promise.all(clients.map((each) => answersOf(each, 'samples')));
  const grown = after.map((answers, at) =>
    Object.entries(answers).map(([level, count]) => [level, count - (before[at]?.[level] ?? 0)]),
  );
  expect(grown.map((each) => Object.fromEntries(each))).toEqual([
    { source: 1, memory: 1, redis: 0, files: 0 },
    { source: 0, memory: 1, redis: 1, files: 0 },
  ]);
});

test('a late report is in the answer as soon as it is acknowledged, on every process', async () => {
  const first = await drive('late-1', [10, 30]);
  for (const client of clients)
    expect(speedsIn(await client.cachedSamplePage('late-1', { ...RANGE, atLeast: first }))).toEqual([10, 30]);
  for (let speed = 40; speed < 45; speed += 1) {
    const atLeast = await platform.report('late-1', { speed_kmh: speed }, FROM_MS + speed * 1_000);
    for (const client of clients) {
      const answer = await client.cachedSamplePage('late-1', { ...RANGE, atLeast });
      expect(speedsIn(answer)).toContain(speed);
      const { points } = await client.series('late-1', 'speed_kmh', { ...RANGE, points: 1, atLeast });
      expect(points).toMatchObject([{ min: 10, max: speed }]);
    }
  }
});

test('what is not over is read from history each time', async () => {
  const nowMs = Date.now();
  const atLeast = await drive('open-1', [10, 20], nowMs - 5 * MINUTE_MS);
  const [client] = clients;
  const before = await answersOf(client, 'samples');
  const range = { fromMs: nowMs - 5 * MINUTE_MS, atLeast };
  expect(speedsIn(await client.cachedSamplePage('open-1', { ...range, toMs: nowMs }))).toEqual([10, 20]);
  expect(speedsIn(await client.cachedSamplePage('open-1', range))).toEqual([10, 20]);
  expect(await answersOf(client, 'samples')).toEqual(before);
});

test('a series has the values of each part of its range', async () => {
  const atLeast = await drive('chart-1', [10, 20, 60, 0]);
  for (const client of clients) {
    const { points, widthMs } = await client.series('chart-1', 'speed_kmh', { ...RANGE, points: 5, atLeast });
    expect(widthMs).toBe(2 * MINUTE_MS);
    expect(points).toEqual([
      { fromMs: FROM_MS, count: 2, min: 10, max: 20, mean: 15, last: 20 },
      { fromMs: FROM_MS + 2 * MINUTE_MS, count: 2, min: 0, max: 60, mean: 30, last: 0 },
    ]);
  }
});

test('a registration changes with its decision', async () => {
  const [client, other] = clients;
  await client.registerVehicle('named-1', { fleet: 'north' });
  for (const fleet of ['south', 'west']) {
    const { position } = await client.updateVehicle('named-1', { fleet });
    for (const each of [client, other, other]) {
      const { vehicle, freshness } = await each.cachedVehicle('named-1', { atLeast: position });
      expect(vehicle.registration?.fleet).toBe(fleet);
      expect(freshness.staleReason).toBe(StaleReason.UNSPECIFIED);
    }
  }
  expect(await answersOf(other, 'registration')).toMatchObject({ memory: 2 });
  await expect(client.cachedVehicle('unknown-1', { maxAttempts: 1 })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'vehicle unknown-1 has never reported and is not registered',
  });
  const { position } = await client.registerVehicle('unknown-1', {});
  expect((await client.cachedVehicle('unknown-1', { atLeast: position })).vehicle.version).toBe(1);
});

test('what is wrong with a request is named', async () => {
  const [client] = clients;
  const refused = (field: string, reason: string) => ({
    code: 'INVALID_INPUT',
    findings: [{ field, reason }],
  });
  const once = { ...RANGE, maxAttempts: 1 };
  await expect(client.cachedSamplePage('not valid', once)).rejects.toMatchObject(
    refused('vehicle_id', 'INVALID_VEHICLE_ID'),
  );
  await expect(client.cachedSamplePage('a', { ...once, signals: ['x'] })).rejects.toMatchObject(
    refused('signals[0]', 'UNKNOWN_SIGNAL'),
  );
  await expect(client.series('a', 'x', once)).rejects.toMatchObject(refused('signal', 'UNKNOWN_SIGNAL'));
  await expect(client.series('a', 'speed_kmh', { ...once, toMs: 0 })).rejects.toMatchObject(
    refused('to_ms', 'EMPTY_RANGE'),
  );
  const atLeast = await platform.report('text-1', { 'Vehicle.Cabin.Text': 'warm' }, FROM_MS);
  await expect(client.series('text-1', 'Vehicle.Cabin.Text', { ...once, atLeast })).rejects.toMatchObject(
    refused('signal', 'NOT_A_NUMBER'),
  );
});
