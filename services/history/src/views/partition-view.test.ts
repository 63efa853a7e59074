import { Fault } from '@odograph/kernel/fault';
import { silentLogger } from '@odograph/platform/logger';
import { createTurns } from '@odograph/platform/turns';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { reported } from '../log/log.fixture.ts';
import { readStored } from './agreement.ts';
import type { Checkpoints } from './checkpoints.ts';
import { openPartitionView, PartitionView } from './partition-view.ts';
import type { ReadModel } from './read-model.ts';
import { batchLoads } from './shared-reads.ts';
import { checkpointsInMemory, logInMemory, storeInMemory } from './stores.fixture.ts';
import { totalsProjection } from './totals.fixture.ts';
import { createViewCache } from './view-cache.ts';

const NEVER = 3_600_000;

/** A partition with the read models `good` and `sick`. Documents of the sick one cannot be stored. */
async function openTestPartition({ names = ['good', 'sick'], flushBytes = 1_000_000, isOwner = true } = {}) {
  const state = { isSick: true, isAway: false, isFull: false };
  const log = logInMemory();
  const stored = checkpointsInMemory(names);
  const checkpoints: Checkpoints = {
    ...stored,
    async move(move) {
      if (state.isFull && move.to.projection.startsWith('sick'))
        throw new Fault('RULE_VIOLATED', 'too large');
      await stored.move(move);
    },
  };
  const failed: (string | undefined)[] = [];
  const over: object[] = [];
  const saves = new Map<string, number>();
  const models = names.map((name): ReadModel<unknown> => {
    const projection = totalsProjection(name);
    const stored = storeInMemory();
    const save: typeof stored.save = async (slices) => {
      saves.set(name, (saves.get(name) ?? 0) + 1);
      if (state.isAway) throw new Fault('UNAVAILABLE', 'MongoDB is away');
      if (state.isSick && name.startsWith('sick')) throw new Fault('CORRUPT_LOG', `${name} cannot be stored`);
      await stored.save(slices);
    };
    const store = { ...stored, save };
    return { projection, store, load: batchLoads(store) } as ReadModel<unknown>;
  });
  const deps = {
    ...{
      partition: 0,
      partitionCount: 1,
      models,
      checkpoints,
      log,
      logger: { ...silentLogger, info: (fields: object) => void over.push(fields) },
      inTurn: createTurns(),
    },
    cache: createViewCache(1),
    listen: () => () => undefined,
    isOwner: () => isOwner,
    settings: { flushIntervalMs: NEVER, flushBytes, cacheBytes: 0 },
    metrics: {
      flushed: () => undefined,
      retried: (_: number, name?: string) => void failed.push(name),
      healed: () => undefined,
    },
  };
  const view = new PartitionView(deps, await readStored(deps));
  const append = (count: number) => {
    for (let at = 0; at < count; at += 1) {
      log.append(reported({ vehicleId: 'bus-1', reportId: `r${log.events.length}`, observedAtMs: 1 }));
    }
  };
  /** Appends to the log and to the tail of the view that is not started. */
  const follow = (count: number) => {
    append(count);
    const through = log.events.length;
    view.tail.append({ events: log.events.slice(view.tail.head(), through), through });
  };
  const move = async (name: string, sequence: number) => {
    const from = (await checkpoints.read(0)).get(name);
    if (from) await checkpoints.move({ from, to: { ...from, sequence } });
  };
  const sequenceOf = async (name: string) => (await checkpoints.read(0)).get(name)?.sequence;
  return { ...{ state, log, models, deps, view, failed, over, saves, append, follow, move, sequenceOf } };
}

test('a read model that cannot be stored holds up no other one', async () => {
  const test = await openTestPartition();
  test.follow(3);
  await test.view.flushNow();
  expect([await test.sequenceOf('good'), await test.sequenceOf('sick')]).toEqual([3, 0]);
  expect(test.failed).toEqual(['sick']);
  // The tail is not full, so the next flush can still store it.
  test.state.isSick = false;
  await test.view.flushNow();
  expect(await test.sequenceOf('sick')).toBe(3);
  expect(test.view.tail.bytes()).toBe(0);
});

test('a read model whose checkpoint cannot be moved holds up no other one', async () => {
  const test = await openTestPartition();
  Object.assign(test.state, { isSick: false, isFull: true });
  test.follow(3);
  await test.view.flushNow();
  expect([await test.sequenceOf('good'), await test.sequenceOf('sick')]).toEqual([3, 0]);
  expect(test.failed).toEqual(['sick']);
  expect(test.over).toEqual([]);
  test.state.isFull = false;
  await test.view.flushNow();
  expect(await test.sequenceOf('sick')).toBe(3);
  expect(test.over).toMatchObject([{ partition: 0, projection: 'sick', failures: 1 }]);
});

test('in another process that starts meanwhile it is behind, until the owner has stored it', async () => {
  const test = await openTestPartition();
  const [good, sick] = test.models as [ReadModel<unknown>, ReadModel<unknown>];
  test.follow(3);
  await test.view.flushNow();
  const replica = await openPartitionView({ ...test.deps, isOwner: () => false });
  expect([good, sick].map((model) => replica.headOf(model))).toEqual([3, 0]);

  test.state.isSick = false;
  await test.view.flushNow();
  await replica.reach(sick, 3, AbortSignal.timeout(10_000));
  expect(replica.headOf(sick)).toBe(3);
  await replica.stop();
});

test('when the tail is full, it falls behind and answers with what is stored', async () => {
  const test = await openTestPartition({ flushBytes: 1 });
  const [good, sick] = test.models as [ReadModel<unknown>, ReadModel<unknown>];
  test.follow(3);
  await test.view.flushNow();
  expect(test.view.tail.bytes()).toBe(0);
  expect([good, sick].map((model) => test.view.headOf(model))).toEqual([3, 0]);
});

test('if nothing can be stored, the tail stays as it is', async () => {
  const test = await openTestPartition({ flushBytes: 1 });
  test.state.isAway = true;
  test.follow(3);
  await expect(test.view.flushNow()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(test.models.every((model) => test.view.followsTail(model))).toBe(true);
  expect(test.view.tail.floor()).toBe(0);
});

test('nor if too much is parked in all; they answer with what the tail has, and go on once it can be stored', async () => {
  const test = await openTestPartition({ names: ['sick', 'sick too'], flushBytes: 1 });
  Object.assign(test.state, { isSick: false, isFull: true });
  test.follow(3);
  await expect(test.view.flushNow()).rejects.toMatchObject({ code: 'RULE_VIOLATED' });
  expect(test.models.map((model) => test.view.headOf(model))).toEqual([3, 3]);
  expect(test.view.tail.floor()).toBe(0);
  test.state.isFull = false;
  await test.view.flushNow();
  expect([await test.sequenceOf('sick'), await test.sequenceOf('sick too')]).toEqual([3, 3]);
});

test('another process leaves it behind when its own tail is full', async () => {
  const test = await openTestPartition({ isOwner: false, flushBytes: 1 });
  const [good, sick] = test.models as [ReadModel<unknown>, ReadModel<unknown>];
  test.follow(3);
  await test.view.flushNow();
  expect(test.view.tail.floor()).toBe(0);
  await test.move('good', 3);
  await test.view.flushNow();
  expect([good, sick].map((model) => test.view.headOf(model))).toEqual([3, 0]);
});

test('read models that cannot catch up hold up no other one, and catch up when they can', async () => {
  const test = await openTestPartition({ names: ['sick', 'good', 'sicker', 'stored'] });
  test.append(5);
  await test.move('stored', 5);
  const view = await openPartitionView(test.deps);
  await eventually(async () => expect(await test.sequenceOf('good')).toBe(5));
  await eventually(() => expect(test.failed).toEqual(expect.arrayContaining(['sick', 'sicker'])));
  test.state.isSick = false;
  await eventually(async () => expect(await test.sequenceOf('sick')).toBe(5));
  await eventually(async () => expect(await test.sequenceOf('sicker')).toBe(5));
  await view.stop();
});

test('all who ask for a flush that has not started share it', async () => {
  const test = await openTestPartition();
  test.state.isSick = false;
  test.follow(1);
  const running = test.view.flushNow();
  await Promise.resolve();
  test.follow(1);
  await Promise.all([running, ...Array.from({ length: 5 }, () => test.view.flushNow())]);
  expect(await test.sequenceOf('good')).toBe(2);
  expect(test.saves.get('good')).toBeLessThanOrEqual(2);
});

test('a replica starts again when a read model is folded again, and keeps what it knows of the others', async () => {
  const test = await openTestPartition({ isOwner: false });
  const [good, sick] = test.models as [ReadModel<unknown>, ReadModel<unknown>];
  test.append(4);
  for (const name of ['good', 'sick']) await test.move(name, 3);
  const view = await openPartitionView(test.deps);
  await eventually(() => expect([good, sick].map((model) => view.headOf(model))).toEqual([4, 4]));

  await test.move('sick', 0);
  await expect(view.flushNow()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('sick went back from 3 to 0'),
  });
  await eventually(() => expect([good, sick].map((model) => view.headOf(model))).toEqual([4, 0]));
  await test.move('sick', 4);
  await view.flushNow();
  expect([good, sick].map((model) => view.headOf(model))).toEqual([4, 4]);
  await view.stop();
});

test('while all read models are stored beyond the log, a replica keeps the events that they lack', async () => {
  const test = await openTestPartition({ isOwner: false });
  const heads = () => test.models.map((model) => view.headOf(model));
  test.append(4);
  await test.move('good', 9);
  await test.move('sick', 9);
  const view = await openPartitionView(test.deps);
  await eventually(() => expect(view.tail.head()).toBe(4));
  await view.flushNow();
  expect(heads()).toEqual([0, 0]);
  // The owner folds the log again, and is not as far as this process.
  await test.move('good', 3);
  await test.move('sick', 3);
  await view.flushNow();
  expect(heads()).toEqual([4, 4]);
  await view.stop();
});
