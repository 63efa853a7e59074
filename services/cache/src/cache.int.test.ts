import type { Client } from '@odograph/client';
import { StaleReason } from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import { eventually } from '@odograph/testing/eventually';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NOON_MS, startCaches, watch } from './cluster.fixture.ts';

let platform: Awaited<ReturnType<typeof startCaches>>;
/** A client of each of two caches. */
let clients: readonly [Client, Client];

beforeAll(async () => {
  platform = await startCaches(2);
  clients = platform.clients as unknown as [Client, Client];
});

afterAll(() => platform.stop());

const report = (...args: Parameters<typeof platform.report>) => platform.report(...args);

test('every cache has a report as soon as it is acknowledged, if it is asked with its position', async () => {
  for (let speedKmh = 1; speedKmh <= 20; speedKmh += 1) {
    const atLeast = await report('car-1', { speed_kmh: speedKmh });
    for (const client of clients) {
      const answer = await client.latestStatus('car-1', { atLeast });
      expect(answer.status.signals?.speedKmh).toBe(speedKmh);
      expect(answer.position.sequence).toBeGreaterThanOrEqual(atLeast.sequence);
      expect(answer.freshness).toMatchObject({ staleReason: StaleReason.UNSPECIFIED });
      expect(answer.freshness.ageMs).toBeLessThan(10_000);
    }
  }
});

test('a status is that of history, field by field, whatever order the samples come in', async () => {
  await clients[0].registerVehicle('same-1', { fleet: 'north', tags: ['night'], displayName: 'Bus 7' });
  const atLeast = [
    await report('same-1', { speed_kmh: 30, latitude_deg: 52.5, longitude_deg: 13.4 }, NOON_MS + 5_000),
    await report('same-1', { speed_kmh: 20, odometer_km: 7 }, NOON_MS + 3_000),
    await report('same-1', { speed_kmh: 91, 'Vehicle.Cabin.Text': 'ä "x"' }, NOON_MS + 4_000),
  ].at(-1);
  const { status } = await clients[0].status('same-1', { atLeast });
  for (const client of clients)
    expect((await client.latestStatus('same-1', { atLeast })).status).toEqual(status);
  expect(status).toMatchObject({ fleet: 'north', signals: { speedKmh: 30, odometerKm: 7 } });
});

test('an unknown vehicle is NOT_FOUND, and known with its first report', async () => {
  const [client] = clients;
  const unknown = { code: 'NOT_FOUND', message: 'vehicle new-1 has never reported and is not registered' };
  await expect(client.latestStatus('new-1', { maxAttempts: 1 })).rejects.toMatchObject(unknown);
  const atLeast = await report('new-1', { speed_kmh: 3 });
  expect((await client.latestStatus('new-1', { atLeast })).status.signals?.speedKmh).toBe(3);
});

test('who waits for a position that the log does not have learns it, and no other waits with them', async () => {
  const [client] = clients;
  const reported = await report('asked-1', { speed_kmh: 3 });
  await client.latestStatus('asked-1', { atLeast: reported });
  const atLeast = { partition: reported.partition, sequence: 1_000_000, index: 0 };
  const late = { code: 'DEADLINE', message: expect.stringContaining('not yet at 1000000') };
  const waiting = expect(
    client.latestStatus('asked-1', { atLeast, deadlineMs: 2_000, maxAttempts: 1 }),
  ).rejects.toMatchObject(late);
  await client.invalidateCache({ keys: ['status:asked-1'] });
  expect((await client.latestStatus('asked-1')).status.signals?.speedKmh).toBe(3);
  await waiting;
});

test('what is wrong with a request is named', async () => {
  const [client] = clients;
  const refused = (field: string, reason: string) => ({
    code: 'INVALID_INPUT',
    findings: [{ field, reason }],
  });
  const once = { maxAttempts: 1 };
  await expect(client.latestStatus('not valid', once)).rejects.toMatchObject(
    refused('vehicle_id', 'INVALID_VEHICLE_ID'),
  );
  const box = { southDeg: 1, westDeg: 2, northDeg: 91, eastDeg: 3 };
  await expect(client.latestStatusPage({ box, ...once })).rejects.toMatchObject(
    refused('conditions.box.north_deg', 'OUT_OF_RANGE'),
  );
  await expect(client.latestStatusPage({ box: { ...box, northDeg: 0 }, ...once })).rejects.toMatchObject(
    refused('conditions.box.south_deg', 'EMPTY_BOX'),
  );
  await expect(client.latestStatusPage({ fleet: 'x'.repeat(101), ...once })).rejects.toMatchObject(
    refused('conditions.fleet', 'TOO_LONG'),
  );
  await expect(client.inspectCache('nothing', once)).rejects.toMatchObject(refused('key', 'INVALID_KEY'));
  await expect(client.inspectCache('other:bus', once)).rejects.toMatchObject(refused('key', 'UNKNOWN_TYPE'));
  for (const [field, reason, wrong] of [
    ['keys[1]', 'INVALID_KEY', { keys: ['status:a', 'status:\u0001'] }],
    ['tags[1]', 'INVALID_TAG', { tags: ['a', 'b\u0085'] }],
  ] as const)
    await expect(client.invalidateCache(wrong, once)).rejects.toMatchObject(refused(field, reason));
  await expect(client.invalidateCache({}, once)).rejects.toMatchObject(refused('', 'NOTHING_NAMED'));
  await expect(client.warmCache({}).next()).rejects.toMatchObject(refused('', 'ONE_CHOICE'));
});

describe('lists', () => {
  test('have the vehicles that meet all conditions, by id, page by page, as lists of history do', async () => {
    const [client] = clients;
    const ids = Array.from({ length: 12 }, (_, at) => `list-${String(at).padStart(2, '0')}`);
    const decided = await Promise.all(
      ids.map((id, at) =>
        client.registerVehicle(id, {
          fleet: 'listed',
          model: at % 2 ? 'odd' : 'even',
          tags: at % 3 ? ['third'] : [],
        }),
      ),
    );
    const atLeast = decided.map(({ position }) => position);
    for (const filter of [
      {},
      { model: 'odd' },
      { tag: 'third' },
      { text: 'LIST-1' },
      { vehicleIds: [ids[3], ids[4]] as string[] },
    ]) {
      const options = { fleet: 'listed', ...filter, atLeast, pageSize: 5 };
      const wanted = await Array.fromAsync(client.statuses(options));
      for (const each of clients) {
        const found = await Array.fromAsync(each.latestStatuses(options));
        expect(found.map(({ status }) => status)).toEqual(wanted);
      }
    }
    await client.retireVehicle(ids[5] as string);
    await eventually(async () => {
      const found = await Array.fromAsync(client.latestStatuses({ fleet: 'listed' }));
      expect(found.map(({ status }) => status?.vehicleId)).toEqual(ids.filter((_, at) => at !== 5));
    });
    expect(
      await Array.fromAsync(client.latestStatuses({ fleet: 'listed', includeRetired: true })),
    ).toHaveLength(12);
    await expect(client.latestStatusPage({ pageToken: 'x', maxAttempts: 1 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  test('have the vehicles in a box', async () => {
    const [client] = clients;
    await report('box-1', { latitude_deg: 10.5, longitude_deg: 179.5 });
    await report('box-2', { latitude_deg: 10.5, longitude_deg: -179.5 });
    const atLeast = [await report('box-3', { latitude_deg: 10.5, longitude_deg: 20 })];
    const box = { southDeg: 10, northDeg: 11, westDeg: 179, eastDeg: -179 };
    await eventually(async () => {
      const found = await Array.fromAsync(client.latestStatuses({ box, atLeast }));
      expect(found.map(({ status }) => status?.vehicleId)).toEqual(['box-1', 'box-2']);
    });
  });
});

describe('a watch', () => {
  test('has first what is, then each change, and then not those that left', async () => {
    const [client, other] = clients;
    for (const vehicleId of ['watch-1', 'watch-2']) {
      await client.registerVehicle(vehicleId, { fleet: 'watched' });
      await report(vehicleId, { speed_kmh: 1 });
    }
    const watches = [watch(client, { fleet: 'watched' }), watch(other, { fleet: 'watched' })];
    for (const { isComplete } of watches) await isComplete();
    for (const { speeds } of watches)
      await eventually(() => expect(speeds()).toEqual({ 'watch-1': 1, 'watch-2': 1 }));
    await report('watch-1', { speed_kmh: 50 });
    await report('elsewhere-1', { speed_kmh: 50 });
    await client.registerVehicle('watch-3', { fleet: 'watched' });
    await client.updateVehicle('watch-2', { fleet: 'elsewhere' });
    for (const { speeds } of watches)
      await eventually(() => expect(speeds()).toEqual({ 'watch-1': 50, 'watch-3': undefined }));
  });

  test('of a box sees who enters and who leaves it', async () => {
    const [client] = clients;
    await report('mover-1', { latitude_deg: 40.5, longitude_deg: 5.5, speed_kmh: 1 });
    const { speeds, isComplete } = watch(client, {
      box: { southDeg: 41, northDeg: 42, westDeg: 5, eastDeg: 6 },
    });
    await isComplete();
    expect(speeds()).toEqual({});
    await report('mover-1', { latitude_deg: 41.5, longitude_deg: 5.5, speed_kmh: 2 });
    await eventually(() => expect(speeds()).toEqual({ 'mover-1': 2 }));
    await report('mover-1', { latitude_deg: 42.5, longitude_deg: 5.5, speed_kmh: 3 });
    await eventually(() => expect(speeds()).toEqual({}));
  });
});

describe('what is made invalid', () => {
  const heldIn = async (client: Client, vehicleId: string) =>
    (await client.inspectCache(`status:${vehicleId}`)).levels.flatMap(({ level, isValid }) =>
      isValid ? [level] : [],
    );

  test('is read again, in all processes', async () => {
    const [client, other] = clients;
    const atLeast = await report('gone-1', { speed_kmh: 9 });
    for (const each of clients) {
      await each.latestStatus('gone-1', { atLeast });
      expect(await heldIn(each, 'gone-1')).toContain('memory');
    }
    expect(await client.invalidateCache({ keys: ['status:gone-1'] })).toEqual({ isDegraded: false });
    expect(await heldIn(client, 'gone-1')).toEqual([]);
    await eventually(async () => expect(await heldIn(other, 'gone-1')).toEqual([]));
    for (const each of clients) expect((await each.latestStatus('gone-1')).status.signals?.speedKmh).toBe(9);
    expect(await client.invalidateCache({ keys: ['status:*'] })).toEqual({ isDegraded: false });
    await eventually(async () => expect(await heldIn(other, 'gone-1')).toEqual([]));
  });

  test('is loaded once by all processes, through Redis', async () => {
    const [client, other] = clients;
    const atLeast = await report('once-1', { speed_kmh: 9 });
    for (const each of clients) await each.latestStatus('once-1', { atLeast });
    await client.invalidateCache({ keys: ['status:once-1'] });
    await eventually(async () => expect(await heldIn(other, 'once-1')).toEqual([]));
    const loads = async () => {
      const types = await Promise.all(clients.map(async (each) => (await each.cacheStats()).types));
      return types.flat().reduce((sum, type) => sum + type.loads, 0);
    };
    const before = await loads();
    await Promise.all(
      Array.from({ length: 60 }, (_, at) => (at % 2 ? client : other).latestStatus('once-1')),
    );
    expect((await loads()) - before).toBe(1);
  });

  test('and what is loaded before it is asked for, says how far it is', async () => {
    const [client] = clients;
    await client.invalidateCache({ keys: ['status:*'] });
    const progress = await Array.fromAsync(
      client.warmCache({ vehicleIds: ['car-1', 'same-1', 'unknown-1'] }),
    );
    expect(progress.at(-1)).toEqual({ done: 3, failed: 0, total: 3 });
    expect(await heldIn(client, 'car-1')).toContain('memory');
  });
});
