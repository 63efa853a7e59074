import { everyPage } from '@odograph/client/history';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { partitionOf } from '@odograph/kernel/partition';
import type { EventPosition, Position } from '@odograph/kernel/position';
import { status, statusOf } from '@odograph/projections/status';
import { decodeState } from '@odograph/projections/status-state';
import { eventually } from '@odograph/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { samples } from './domain/samples/samples.ts';
import { openTestHistory } from './history.fixture.ts';
import { reported } from './log/log.fixture.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const NOON_MS = Date.parse('2024-05-01T12:00:00Z');

let platform: Awaited<ReturnType<typeof openTestHistory>>;
beforeAll(async () => {
  platform = await openTestHistory();
});
afterAll(() => platform.stop());

async function appendAll(events: readonly Event[]): Promise<EventPosition> {
  const positions = await Promise.all(events.map(platform.append));
  return positions.at(-1) as EventPosition;
}

const minutely = (vehicleId: string, count: number) =>
  Array.from({ length: count }, (_, at) =>
    reported({ vehicleId, reportId: `r${at}`, observedAtMs: NOON_MS + at * MINUTE_MS, speedKmh: at }),
  );

test('a status includes a report when it is requested with its position', async () => {
  for (let speedKmh = 1; speedKmh <= 20; speedKmh += 1) {
    const event = reported({
      vehicleId: 'car-1',
      reportId: `r${speedKmh}`,
      observedAtMs: NOON_MS + speedKmh,
      speedKmh,
    });
    const atLeast = await platform.append(event);
    const { status, position } = await platform.client.status('car-1', { atLeast });
    expect(status).toMatchObject({
      fleet: 'default',
      model: '',
      signals: { speedKmh },
      lastObservedAtMs: NOON_MS + speedKmh,
    });
    expect(position?.sequence).toBeGreaterThanOrEqual(atLeast.sequence);
  }
});

test('a status with its state has what a program needs that folds the log itself, in a list too', async () => {
  const report = (reportId: string, speedKmh: number) =>
    reported({ vehicleId: 'state-1', reportId, observedAtMs: NOON_MS + speedKmh, speedKmh });
  const atLeast = await platform.append(report('r1', 7));
  const { status: first, projectionVersion } = await platform.client.status('state-1', {
    ...{ atLeast, withState: true },
  });
  expect(first).toMatchObject({ fleet: 'default', signals: undefined, observedAtMs: {} });
  const { statuses } = await platform.client.statusPage({ vehicleIds: ['state-1'], withState: true });
  expect(statuses).toEqual([first]);
  expect(projectionVersion).toBe(status.version);
  const slice = decodeState(first.state ?? new Uint8Array());
  expect(statusOf(slice)?.latest.get('speed_kmh')).toMatchObject({ value: 7, reportId: 'r1' });
});

test('a list names what is wrong with the vehicles that it was asked for', async () => {
  const list = (vehicleIds: readonly string[]) => platform.client.statusPage({ vehicleIds });
  const refused = (field: string, reason: string) => ({
    code: 'INVALID_INPUT',
    findings: [{ field, reason }],
  });
  await expect(list(['car-1', 'not valid'])).rejects.toMatchObject(
    refused('vehicle_ids[1]', 'INVALID_VEHICLE_ID'),
  );
  await expect(list(Array(1_001).fill('car-1'))).rejects.toMatchObject(refused('vehicle_ids', 'TOO_MANY'));
  expect((await list(['unknown'])).statuses).toEqual([]);
});

test('an unknown vehicle is NOT_FOUND; an invalid vehicle id and an unknown partition are INVALID_INPUT with the field', async () => {
  const ask = (vehicleId: string, atLeast?: Position) => platform.client.status(vehicleId, { atLeast });
  const refused = (field: string, reason: string) => ({
    code: 'INVALID_INPUT',
    findings: [{ field, reason }],
  });
  await expect(ask('unknown')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(ask('not valid')).rejects.toMatchObject(refused('vehicle_id', 'INVALID_VEHICLE_ID'));
  const own = partitionOf('unknown', 2);
  await expect(ask('unknown', { partition: 9, sequence: 1 })).rejects.toMatchObject(
    refused('at_least', 'NO_SUCH_PARTITION'),
  );
  const empty = [{ partition: own, sequence: 0 }] as const;
  const noPosition = refused('at_least', 'EMPTY_POSITION');
  await expect(ask('unknown', empty[0])).rejects.toMatchObject(noPosition);
  await expect(platform.client.statusPage({ atLeast: empty })).rejects.toMatchObject(noPosition);
  await expect(platform.client.readLog({ atLeast: empty }).next()).rejects.toMatchObject(noPosition);
  const other = { partition: 1 - own, sequence: 1 };
  const elsewhere = refused('at_least', 'OTHER_PARTITION');
  await expect(ask('unknown', other)).rejects.toMatchObject(elsewhere);
  await expect(platform.client.samplePage('unknown', { atLeast: other })).rejects.toMatchObject(elsewhere);
  await expect(platform.client.vehicle('unknown', { atLeast: other })).rejects.toMatchObject(elsewhere);
});

test('a position that is not reached in time is DEADLINE with the position of the view, not an old answer', async () => {
  const atLeast = { partition: partitionOf('car-1', 2), sequence: 1_000_000 };
  const call = platform.client.status('car-1', { atLeast, deadlineMs: 400 });
  await expect(call).rejects.toMatchObject({
    code: 'DEADLINE',
    message: expect.stringMatching(/^status of partition [01] is at \d+, not yet at 1000000/),
  });
});

test('a log that does not reach a position is OUT_OF_RANGE, not silence', async () => {
  const after = [{ partition: 0, sequence: 1_000_000 }];
  const beyond = {
    code: 'OUT_OF_RANGE',
    message: expect.stringMatching(/^the log ends at 0\/\d+, before 0\/1000000: .*restored/),
  };
  const { client } = platform;
  await Promise.all([
    expect(Array.fromAsync(client.eventBatches({ after, partitions: [0] }))).rejects.toMatchObject(beyond),
    expect(Array.fromAsync(client.readLog({ after, partitions: [0] }))).rejects.toMatchObject(beyond),
    expect(Array.fromAsync(client.readLog({ atLeast: after, partitions: [0] }))).rejects.toMatchObject(
      beyond,
    ),
  ]);
}, 30_000);

test('what was acknowledged is in a log that is read from its position', async () => {
  const atLeast = [
    await platform.append(reported({ vehicleId: 'read-1', reportId: 'a', observedAtMs: NOON_MS })),
  ];
  const events = await Array.fromAsync(platform.client.readLog({ subject: 'read-1', atLeast }));
  expect(events.map(({ event }) => event.reportId)).toEqual(['a']);
});

test('samples are paged through a range across windows, oldest first, whatever the order of arrival', async () => {
  const atLeast = await appendAll(minutely('bus-7', 600).reverse());
  const range = { fromMs: NOON_MS + HOUR_MS, toMs: NOON_MS + 9 * HOUR_MS, atLeast };
  const seen: number[] = [];
  let pages = 0;
  for (let pageToken = ''; pages === 0 || pageToken !== ''; pages += 1) {
    const page = await platform.client.samplePage('bus-7', {
      ...range,
      pageSize: 100,
      pageToken,
      withTotal: true,
    });
    expect(page.total).toBe(480);
    seen.push(...page.samples.map(({ observedAtMs }) => observedAtMs));
    pageToken = page.nextPageToken;
  }
  expect(seen).toEqual(Array.from({ length: 480 }, (_, at) => NOON_MS + HOUR_MS + at * MINUTE_MS));
  expect(pages).toBe(5);
});

test('samples are paged from the end of a range, newest first', async () => {
  const atLeast = await appendAll(minutely('bus-5', 600));
  const range = { fromMs: NOON_MS + HOUR_MS, toMs: NOON_MS + 9 * HOUR_MS, atLeast, pageSize: 100 };
  const newestFirst = { ...range, order: 'newest first' } as const;
  const times = (page: { readonly samples: readonly { readonly observedAtMs: number }[] }) =>
    page.samples.map(({ observedAtMs }) => observedAtMs);
  const pages = everyPage((pageToken) => platform.client.samplePage('bus-5', { ...newestFirst, pageToken }));
  const seen = (await Array.fromAsync(pages)).map(times);
  expect(seen.flat()).toEqual(Array.from({ length: 480 }, (_, at) => NOON_MS + (539 - at) * MINUTE_MS));
  expect(seen).toHaveLength(5);

  const { nextPageToken: pageToken } = await platform.client.samplePage('bus-5', newestFirst);
  await expect(platform.client.samplePage('bus-5', { ...range, pageToken })).rejects.toMatchObject({
    findings: [{ field: 'page_token' }],
  });
});

test('a page token of samples is of use for its vehicle and its signals only', async () => {
  const atLeast = await appendAll(minutely('bus-4', 60));
  const speeds = { signals: ['speed_kmh'] };
  const { nextPageToken: pageToken } = await platform.client.samplePage('bus-4', { ...speeds, atLeast });
  expect((await platform.client.samplePage('bus-4', { ...speeds, pageToken })).samples).toHaveLength(10);
  const refused = { code: 'INVALID_INPUT', findings: [{ field: 'page_token', reason: 'UNKNOWN_TOKEN' }] };
  const others = [
    ['bus-3', speeds],
    ['bus-4', { signals: ['battery_level_pct'] }],
    ['bus-4', {}],
  ] as const;
  for (const [vehicleId, options] of others)
    await expect(platform.client.samplePage(vehicleId, { ...options, pageToken })).rejects.toMatchObject(
      refused,
    );
});

test('a request of more than 64 KiB is refused', async () => {
  const readOf = (count: number) =>
    Array.fromAsync(platform.client.readLog({ partitions: Array(count).fill(0), subject: 'unknown' }));
  expect(await readOf(60_000)).toEqual([]);
  await expect(readOf(70_000)).rejects.toMatchObject({ code: 'TOO_LARGE' });
});

test('samples are paged through many windows, also one with several documents', async () => {
  const vehicleId = 'bus-6';
  const sample = (observedAtMs: number) =>
    reported({ vehicleId, reportId: `r${observedAtMs}`, observedAtMs, speedKmh: 1 });
  const times = [
    ...Array.from({ length: 6 }, (_, day) => NOON_MS + day * 24 * HOUR_MS),
    // 35 full blocks of 256 samples, and a rest.
    ...Array.from({ length: 9_000 }, (_, at) => NOON_MS + 7 * 24 * HOUR_MS + at * 100),
    ...Array.from({ length: 6 }, (_, day) => NOON_MS + (8 + day) * 24 * HOUR_MS),
  ];
  await appendAll(times.slice(0, -3).map(sample));
  const documents = platform.database.collection(`samples_v${samples.version}`);
  await eventually(async () => expect(await documents.countDocuments({ '_id.v': vehicleId })).toBe(45));
  const atLeast = await appendAll(times.slice(-3).map(sample));
  const seen: number[] = [];
  let pageToken = '';
  do {
    const page = await platform.client.samplePage(vehicleId, {
      atLeast,
      pageSize: 1_000,
      pageToken,
      withTotal: true,
    });
    expect(page.total).toBe(times.length);
    seen.push(...page.samples.map(({ observedAtMs }) => observedAtMs));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  const order = 'newest first' as const;
  const newest = await platform.client.samplePage(vehicleId, { atLeast, pageSize: 1_000, order });
  expect(newest.samples.map(({ observedAtMs }) => observedAtMs)).toEqual(times.slice(-1_000).reverse());
  expect(seen).toEqual(times);
});

test('a window of very many samples is read page by page, from both ends', async () => {
  const times = Array.from({ length: 17_000 }, (_, at) => NOON_MS + at * 10);
  const events = times.map((observedAtMs, at) =>
    reported({ vehicleId: 'bus-9', reportId: `r${at}`, observedAtMs, speedKmh: at % 90 }),
  );
  const atLeast = await appendAll(events);
  const stored = platform.database.collection<{ readonly _id: { readonly v: string } }>(
    `${samples.name}_v${samples.version}`,
  );
  await eventually(async () => expect(await stored.countDocuments({ '_id.v': 'bus-9' })).toBe(67));
  for (const order of ['oldest first', 'newest first'] as const) {
    const seen: number[] = [];
    for await (const { samples: page } of everyPage((pageToken) =>
      platform.client.samplePage('bus-9', { atLeast, pageSize: 1_000, pageToken, order }),
    ))
      seen.push(...page.map(({ observedAtMs }) => observedAtMs));
    expect(seen).toEqual(order === 'oldest first' ? times : times.toReversed());
  }
  const part = { fromMs: NOON_MS + 5_000, toMs: NOON_MS + 105_000, signals: ['speed_kmh'] };
  const counted = await platform.client.samplePage('bus-9', { atLeast, ...part, withTotal: true });
  expect(counted.total).toBe(10_000);
});

test('a page has 50 samples by default and at most 1,000, with only the requested signals', async () => {
  const atLeast = await appendAll(minutely('bus-8', 60));
  const listSamples = (options: object = {}) => platform.client.samplePage('bus-8', { atLeast, ...options });
  expect((await listSamples()).samples).toHaveLength(50);
  expect((await listSamples({ signals: ['battery_level_pct'] })).samples).toHaveLength(0);
  expect((await listSamples({ signals: ['speed_kmh'], pageSize: 1_000 })).samples).toHaveLength(60);
  const refused = (field: string) => ({ code: 'INVALID_INPUT', findings: [{ field }] });
  expect((await listSamples({ pageSize: 1_001 })).samples).toHaveLength(60);
  await expect(listSamples({ pageToken: '!!' })).rejects.toMatchObject(refused('page_token'));
  await expect(listSamples({ signals: ['warp'] })).rejects.toMatchObject(refused('signals[0]'));
  const named = (count: number) => listSamples({ signals: Array.from({ length: count }, () => 'speed_kmh') });
  expect((await named(256)).samples).toHaveLength(50);
  await expect(named(257)).rejects.toMatchObject(refused('signals'));
  await expect(listSamples({ fromMs: 5, toMs: 5 })).rejects.toMatchObject(refused('to_ms'));
});

test('a vehicle that has never reported has no samples', async () => {
  expect(await platform.client.samplePage('unknown', { withTotal: true })).toMatchObject({
    samples: [],
    total: 0,
  });
});

test('the fleet is listed by vehicle, page by page, from stored documents and tails', async () => {
  const ids = Array.from({ length: 30 }, (_, at) => `fleet-${String(at).padStart(2, '0')}`);
  const atLeast = await Promise.all(
    ids.map((vehicleId, at) =>
      platform.append(reported({ vehicleId, reportId: 'r', observedAtMs: NOON_MS + at })),
    ),
  );
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = await platform.client.statusPage({ fleet: 'default', pageSize: 7, pageToken, atLeast });
    seen.push(...page.statuses.map(({ vehicleId }) => vehicleId));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(seen).toEqual([...new Set(seen)].sort());
  expect(seen.filter((id) => id.startsWith('fleet-'))).toEqual(ids);
  const other = await platform.client.statusPage({ fleet: 'other', pageSize: 7 });
  expect(other).toMatchObject({ statuses: [], nextPageToken: '' });
});

test('the log is read in order, and a subscription continues with new events', async () => {
  const first = await platform.append(reported({ vehicleId: 'log-1', reportId: 'a', observedAtMs: NOON_MS }));
  await platform.client.status('log-1', { atLeast: first });
  const read: string[] = [];
  const wanted = { partitions: [first.partition], subject: 'log-1' };
  for await (const { event } of platform.client.readLog(wanted)) read.push(event.reportId);
  expect(read).toEqual(['a']);

  const following = platform.client.eventBatches({ after: [first], partitions: [first.partition] });
  const second = await platform.append(
    reported({ vehicleId: 'log-1', reportId: 'b', observedAtMs: NOON_MS }),
  );
  for await (const { events, position } of following) {
    expect(events.every(({ event }) => event.reportId !== 'a' || event.subject !== 'log-1')).toBe(true);
    if (events.some(({ event }) => event.reportId === 'b')) {
      expect(position.sequence).toBeGreaterThanOrEqual(second.sequence);
      break;
    }
  }
});

test('the partitions are described as running, with an owner', async () => {
  await eventually(async () => {
    const partitions = await platform.client.describeLog();
    expect(partitions).toMatchObject([
      { state: 1, reason: '' },
      { state: 1, reason: '' },
    ]);
    expect(partitions[0]?.owner).not.toBe('');
  });
});

test('only a message that halts its partition is set aside', async () => {
  const { sequence, partition } = await platform.append(minutely('car-aside', 1)[0] as Event);
  const setAside = (position: Position) => platform.client.setMessageAside(position);
  await expect(setAside({ partition, sequence })).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
    message: expect.stringContaining(`message ${sequence} of EVENTS-${partition} halts nothing`),
  });
  await expect(setAside({ partition, sequence: 1e6 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(setAside({ partition, sequence: 0 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(setAside({ partition: 9, sequence: 1 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('an event that cannot be decoded is parked; a drop applies the rest', async () => {
  const good = (reportId: string, speedKmh: number) =>
    reported({ vehicleId: 'sick-1', reportId, observedAtMs: NOON_MS + speedKmh, speedKmh });
  await platform.append(good('a', 1));
  await platform.append({ ...good('b', 2), payload: new Uint8Array([0xff, 0xff]) });
  const last = await platform.append(good('c', 3));
  const status = (atLeast: EventPosition) => platform.client.status('sick-1', { atLeast });

  expect((await status(last)).status).toMatchObject({
    signals: { speedKmh: 1 },
    parkedAt: { partition: last.partition },
  });
  const parked = await Array.fromAsync(platform.client.parkedEvents());
  expect(parked.map(({ projection, vehicleId }) => [projection, vehicleId])).toEqual([
    ['registration', 'sick-1'],
    ['samples', 'sick-1'],
    ['status', 'sick-1'],
  ]);
  const retried = await platform.client.retryParked('status', 'sick-1');
  expect((await status(retried as EventPosition)).status?.parkedAt).toBeDefined();
  for (const projection of ['status', 'samples']) {
    await platform.client.dropParked(projection, 'sick-1');
  }
  expect((await status(last)).status).toMatchObject({ signals: { speedKmh: 3 }, parkedAt: undefined });
  expect((await platform.client.samplePage('sick-1')).samples.map(({ reportId }) => reportId)).toEqual([
    'a',
    'c',
  ]);
  await expect(platform.client.dropParked('status', 'sick-1')).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('an event that only a newer program knows parks its vehicle; all others go on, and a drop frees it', async () => {
  const sent = (vehicleId: string, reportId: string, speedKmh: number) =>
    reported({ vehicleId, reportId, observedAtMs: NOON_MS + speedKmh, speedKmh });
  await platform.append(sent('new-1', 'a', 1));
  const newer = await platform.append({ ...sent('new-1', 'b', 2), version: 99 });
  const last = await platform.append(sent('new-1', 'c', 3));
  const other = await platform.append(sent('new-2', 'a', 4));
  const status = async (vehicleId: string, atLeast: EventPosition) =>
    (await platform.client.status(vehicleId, { atLeast })).status;
  const waiting = { signals: { speedKmh: 1 }, parkedAt: newer };

  expect(await status('new-1', last)).toMatchObject(waiting);
  expect(await status('new-2', other)).toMatchObject({ signals: { speedKmh: 4 }, parkedAt: undefined });
  const { statuses } = await platform.client.statusPage();
  expect(statuses.find(({ vehicleId }) => vehicleId === 'new-1')).toMatchObject(waiting);
  const parked = await Array.fromAsync(platform.client.parkedEvents());
  expect(parked.filter(({ vehicleId }) => vehicleId === 'new-1')).toMatchObject(
    ['registration', 'samples', 'status'].map((projection) => ({
      ...{ projection, position: newer },
      reason: 'TelemetryReported version 99 is newer than this program: update the program to continue',
    })),
  );

  const read = await Array.fromAsync(platform.client.readLog({ subject: 'new-1' }));
  expect(read.map(({ event }) => event.version)).toEqual([1, 99, 1]);
  const retried = await platform.client.retryParked('status', 'new-1');
  expect(await status('new-1', retried as EventPosition)).toMatchObject(waiting);
  const dropped = await platform.client.dropParked('status', 'new-1');
  expect(await status('new-1', dropped as EventPosition)).toMatchObject({
    ...{ signals: { speedKmh: 3 }, parkedAt: undefined },
  });
});

test('samples that a drop releases are in the answer at once, in any window', async () => {
  const good = (reportId: string, observedAtMs: number) =>
    reported({ vehicleId: 'sick-2', reportId, observedAtMs });
  await platform.append(good('a', NOON_MS));
  await platform.append({ ...good('b', NOON_MS), payload: new Uint8Array([0xff, 0xff]) });
  await platform.append(good('c', NOON_MS + 24 * HOUR_MS));
  await Array.fromAsync(platform.client.parkedEvents());
  const parked = await platform.client.samplePage('sick-2', { fromMs: NOON_MS + 12 * HOUR_MS });
  expect(parked).toMatchObject({ samples: [], parkedAt: { index: 0 } });

  const atLeast = await platform.client.dropParked('samples', 'sick-2');
  const { samples } = await platform.client.samplePage('sick-2', { fromMs: NOON_MS + 12 * HOUR_MS, atLeast });
  expect(samples.map(({ reportId }) => reportId)).toEqual(['c']);
});
