import type { EventPosition } from '@odograph/kernel/position';
import { silentLogger } from '@odograph/platform/logger';
import { startTestNats } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { openTestLog, reported } from '../log/log.fixture.ts';
import { decided, POISON_SPEED, type Totals, totalsProjection } from './totals.fixture.ts';
import { readModelOf, startViews, type Views } from './views.ts';

const NEVER = 3_600_000;
/** Envelopes of one read of the log, so that catching up takes several steps. */
const STRETCH = 5;
const STRETCH_BYTES = 1_000;

/** A log of one vehicle with an event an envelope, and its read models: `old` has been there from the start, `new` has not. */
async function openTestCatchUp() {
  const nats = await startTestNats();
  const log = await openTestLog(nats);
  await log.writer('one');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const listen = await log.listen();
  const projections = { old: totalsProjection('old'), new: totalsProjection('new') };
  const models = {
    old: readModelOf(log.mongo.db, projections.old),
    new: readModelOf(log.mongo.db, projections.new),
  };
  const read: string[] = [];
  for (const projection of Object.values(projections)) {
    const { read: readOne } = projection;
    projection.read = (event, position) => {
      read.push(projection.name);
      return readOne.call(projection, event, position);
    };
  }

  /** @param held the sequence after which the log is not read before `release` is called */
  async function start(names: readonly ('old' | 'new')[], { held = NEVER, isOwner = true } = {}) {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let isHolding = false;
    const reader: typeof log.reader = {
      ...log.reader,
      async read(partition, after, through) {
        if (after >= held) {
          isHolding = true;
          await released;
        }
        return log.reader.read(partition, after, Math.min(through, after + STRETCH));
      },
    };
    const views = await startViews({
      partitionCount: 1,
      database: log.mongo.db,
      log: reader,
      listen,
      models: names.map((name) => models[name]),
      stopping: new AbortController().signal,
      isOwner: () => isOwner,
      settings: { flushIntervalMs: NEVER, flushBytes: STRETCH_BYTES, cacheBytes: 1024 * 1024 },
      metrics: { flushed: () => undefined, retried: () => undefined, healed: () => undefined },
      logger: silentLogger,
    });
    return { views, release, isHeld: () => eventually(() => expect(isHolding).toBe(true)) };
  }

  async function append(...speeds: readonly number[]): Promise<EventPosition> {
    let last: EventPosition | undefined;
    for (const speedKmh of speeds) {
      const report = { vehicleId: 'bus-1', reportId: `r${Math.random()}`, observedAtMs: 1_700_000_000_000 };
      last = await publisher.append([reported({ ...report, speedKmh })], Date.now() + 10_000);
    }
    return last as EventPosition;
  }

  /** What a query sees: the number of reports, and the last sequence that the answer includes. */
  async function seen(views: Views, name: 'old' | 'new') {
    const { slices, position, parked } = await views.reader.read(models[name], 'bus-1', 'all');
    const reports = (slices.get('all') as Totals | undefined)?.reports ?? 0;
    return { reports, sequence: position.sequence, parked: parked?.position.sequence };
  }

  const reach = (views: Views, name: 'old' | 'new', position: EventPosition) =>
    views.reader.reach(models[name], position, AbortSignal.timeout(10_000));
  const stored = async (views: Views, name: 'old' | 'new') => (await views.checkpoints.read(0)).get(name);

  return {
    ...{ log, publisher, projections, models, read, start, append, seen, reach, stored },
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
      await nats[Symbol.asyncDispose]();
    },
  };
}

const ones = (count: number): readonly number[] => Array.from({ length: count }, () => 1);

/** A log of 30 events that the old read model has stored. */
async function storeOld(test: Awaited<ReturnType<typeof openTestCatchUp>>): Promise<EventPosition> {
  const { views } = await test.start(['old']);
  const last = await test.append(...ones(30));
  await test.reach(views, 'old', last);
  await views.stop();
  test.read.length = 0;
  return last;
}

test('a new projection folds the log for itself: the other neither folds it again nor stops storing', async () => {
  await using test = await openTestCatchUp();
  const old = await storeOld(test);
  const { views, release, isHeld } = await test.start(['old', 'new'], { held: 12 });
  await isHeld();

  expect(await test.seen(views, 'old')).toMatchObject({ reports: 30, sequence: old.sequence });
  const behind = await test.seen(views, 'new');
  expect(behind.sequence).toBeGreaterThan(0);
  expect(behind.sequence).toBeLessThan(old.sequence);
  expect(behind.reports).toBe(behind.sequence);

  const during = await test.append(1, 1);
  await test.reach(views, 'old', during);
  await views.flushNow(0);
  expect(await test.stored(views, 'old')).toMatchObject({ sequence: during.sequence });
  expect(test.read.filter((name) => name === 'old').length).toBeLessThanOrEqual(2 + 2);
  expect(await test.seen(views, 'new')).toEqual(behind);
  await expect(views.reader.reach(test.models.new, during, AbortSignal.timeout(50))).rejects.toMatchObject({
    code: 'DEADLINE',
  });

  release();
  await test.reach(views, 'new', during);
  expect(await test.seen(views, 'new')).toMatchObject({ reports: 32, sequence: during.sequence });
  const after = await test.append(1);
  await test.reach(views, 'new', after);
  expect(await test.seen(views, 'new')).toMatchObject({ reports: 33, sequence: after.sequence });
  await views.stop();
  for (const name of ['old', 'new'] as const)
    expect(await test.stored(views, name)).toMatchObject({ sequence: after.sequence });
});

test('a kill while a projection catches up, also between its documents and its checkpoint, changes nothing', async () => {
  await using test = await openTestCatchUp();
  const old = await storeOld(test);
  const first = await test.start(['old', 'new'], { held: 17 });
  await first.isHeld();
  const stopped = first.views.stop();
  first.release();
  await stopped;
  const reached = (await test.stored(first.views, 'new'))?.sequence ?? 0;
  expect(reached).toBeGreaterThan(5);
  expect(reached).toBeLessThan(old.sequence);
  const filter = { _id: '0:new@1' as never };
  await test.log.mongo.db.collection('checkpoints').updateOne(filter, { $set: { sequence: 5 } });

  const { views } = await test.start(['old', 'new']);
  await test.reach(views, 'new', old);
  expect(await test.seen(views, 'new')).toMatchObject({ reports: 30, sequence: old.sequence });
  await views.stop();
});

test('two owners that catch up at the same time store the same', async () => {
  await using test = await openTestCatchUp();
  const old = await storeOld(test);
  const owners = await Promise.all([test.start(['old', 'new'], { held: 15 }), test.start(['old', 'new'])]);
  await test.reach(owners[1].views, 'new', old);
  owners[0].release();
  for (const { views } of owners) {
    await test.reach(views, 'new', old);
    expect(await test.seen(views, 'new')).toMatchObject({ reports: 30, sequence: old.sequence });
  }
  const last = await test.append(1);
  for (const { views } of owners) {
    await test.reach(views, 'new', last);
    expect(await test.seen(views, 'new')).toMatchObject({ reports: 31 });
    await views.stop();
  }
});

test('a replica answers for a projection that is behind as far as the owner has stored it', async () => {
  await using test = await openTestCatchUp();
  const old = await storeOld(test);
  const owner = await test.start(['old', 'new'], { held: 12 });
  await owner.isHeld();
  const { views: replica } = await test.start(['old', 'new'], { isOwner: false });
  const behind = await test.seen(replica, 'new');
  expect(behind.reports).toBe(behind.sequence);
  expect(behind.sequence).toBeLessThan(old.sequence);

  owner.release();
  await test.reach(replica, 'new', old);
  expect(await test.seen(replica, 'new')).toMatchObject({ reports: 30, sequence: old.sequence });
  await replica.stop();
  await owner.views.stop();
});

test('a vehicle that a new projection parks is parked in it alone, and released there', async () => {
  await using test = await openTestCatchUp();
  test.projections.old.isCured = true;
  const { views: before } = await test.start(['old']);
  await test.append(...ones(8));
  const poison = await test.append(POISON_SPEED);
  const last = await test.append(...ones(12));
  await test.reach(before, 'old', last);
  await before.stop();

  const { views } = await test.start(['old', 'new']);
  await test.reach(views, 'new', last);
  expect(await test.seen(views, 'new')).toMatchObject({ reports: 8, parked: poison.sequence });
  expect(await test.seen(views, 'old')).toMatchObject({ reports: 21, parked: undefined });
  expect((await test.stored(views, 'new'))?.parked).toMatchObject([{ projection: 'new', subject: 'bus-1' }]);
  expect((await test.stored(views, 'old'))?.parked).toEqual([]);

  const drop = decided('ParkedEventDropped', 'bus-1', poison, 'new');
  const dropped = await test.publisher.append([drop], Date.now() + 10_000);
  await test.reach(views, 'new', dropped);
  expect(await test.seen(views, 'new')).toMatchObject({ reports: 20, parked: undefined });
  await views.stop();
});
