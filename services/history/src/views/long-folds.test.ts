import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import type { Projection } from '@odograph/kernel/projection';
import { reportIn } from '@odograph/kernel/vehicle-event';
import { turnsOf } from '@odograph/testing/work-turns';
import { expect, test, vi } from 'vitest';
import { reported } from '../log/log.fixture.ts';
import type { Parked } from './checkpoints.ts';
import type { PartitionView } from './partition-view.ts';
import type { ReadModel } from './read-model.ts';
import { batchLoads } from './shared-reads.ts';
import { storeInMemory } from './stores.fixture.ts';
import { createTail } from './tail.ts';
import { createViewCache } from './view-cache.ts';
import { createViewReader } from './view-reader.ts';

const EVENTS = 20_000;

interface Count {
  reports: number;
}

/** The number of reports by speed, which is the key of the slice. */
function countProjection() {
  let reads = 0;
  const projection: Projection<Count> = {
    name: 'count',
    version: 1,
    read(event) {
      reads += 1;
      const speed = reportIn(event)?.samples[0]?.signals['speed_kmh'];
      const applyTo = (count: Count) => {
        count.reports += 1;
      };
      return { keys: [String(speed)], applyTo };
    },
    initial: () => ({ reports: 0 }),
    copy: (count) => ({ ...count }),
    toDocuments: (count) => [{ ...count }],
    fromDocuments: (_subject, _key, [document]) => ({ ...(document as unknown as Count) }),
  };
  return { projection, reads: () => reads };
}

function reportAt(sequence: number, vehicleId: string, speedKmh: number): StoredEvent {
  const event = reported({ vehicleId, reportId: `r${sequence}`, observedAtMs: sequence, speedKmh });
  return { position: { partition: 0, sequence, index: 0 }, event };
}

interface TestOptions {
  /** By vehicle. */
  readonly events?: Readonly<Record<string, number>>;
  readonly parked?: readonly Parked[];
}

/** A partition whose tail has many events of a vehicle. */
function openPartition({ events = { 'bus-1': EVENTS }, parked = [] }: TestOptions = {}) {
  const { projection, reads } = countProjection();
  const store = storeInMemory();
  const model: ReadModel<Count> = { projection, store, load: batchLoads(store) };
  const tail = createTail(0, 0);
  for (const [vehicle, count] of Object.entries(events)) {
    const first = tail.head() + 1;
    const own = Array.from({ length: count }, (_, at) => reportAt(first + at, vehicle, 50));
    tail.append({ events: own, through: tail.head() + count });
  }
  const view = {
    tail,
    checkpointOf: () => ({ partition: 0, projection: 'count', sequence: 0, parked }),
    followsTail: () => true,
    headOf: () => tail.head(),
  } as unknown as PartitionView;
  const log = { readSubject: () => ReadableStream.from<StoredEvent>([]) };
  const reader = createViewReader({ partitions: [view], log, cache: createViewCache(1_000_000) });
  const read = async (signal?: AbortSignal) =>
    (await reader.read(model, 'bus-1', '50', signal)).slices.get('50')?.reports;
  return { reader, model, store, tail, reads, read };
}

test('many events of a vehicle are folded in turns', async () => {
  const { read } = openPartition();
  let reports: number | undefined;
  expect(
    await turnsOf(async () => {
      reports = await read();
    }),
  ).toBeGreaterThan(EVENTS / 300);
  expect(reports).toBe(EVENTS);
});

test('so are those that wait behind a parked one', async () => {
  const position = { partition: 0, sequence: 1, index: 0 };
  const parked = [{ projection: 'count', subject: 'bus-1', position, reason: 'sick' }];
  const { read } = openPartition({ parked });
  expect(await turnsOf(() => read())).toBeGreaterThan(EVENTS / 300);
});

test('few events are folded in the turn in which their documents came', async () => {
  const { read } = openPartition({ events: { 'bus-1': 20 } });
  const turns = await turnsOf(() => read());
  expect(turns).toBeLessThan(5);
});

test('of a view that is kept only the newer events are folded, and the one who has it keeps it as it is', async () => {
  const { reader, model, tail, reads, read } = openPartition();
  const kept = await reader.read(model, 'bus-1', '50');
  for (const more of [1, 2, 3]) {
    const at = tail.head() + 1;
    tail.append({ events: [reportAt(at, 'bus-1', 50)], through: at });
    expect(await read()).toBe(EVENTS + more);
  }
  expect(reads()).toBe(EVENTS + 3);
  expect(kept.slices.get('50')?.reports).toBe(EVENTS);
});

test('one who asks while an older fold is under way waits for it and folds only what came since', async () => {
  const { tail, reads, read } = openPartition();
  const first = read();
  await nextLoopTurn();
  const at = tail.head() + 1;
  tail.append({ events: [reportAt(at, 'bus-1', 50)], through: at });
  expect(await Promise.all([first, read(), read()])).toEqual([EVENTS, EVENTS + 1, EVENTS + 1]);
  expect(reads()).toBe(EVENTS + 1);
});

test('one who waits for an older fold has it, also if the one who asked first leaves', async () => {
  const { tail, reads, read } = openPartition();
  const leaving = new AbortController();
  const first = read(leaving.signal);
  await nextLoopTurn();
  const at = tail.head() + 1;
  tail.append({ events: [reportAt(at, 'bus-1', 50)], through: at });
  const second = read();
  leaving.abort(new Error('left'));
  expect(await Promise.all([first, second])).toEqual([EVENTS, EVENTS + 1]);
  expect(reads()).toBe(EVENTS + 1);
});

test('a fold goes on while one of those who wait for it has not left', async () => {
  const { read } = openPartition();
  const [left, stays] = [new AbortController(), new AbortController()];
  const both = Promise.all([read(left.signal), read(stays.signal)]);
  left.abort(new Error('left'));
  expect(await both).toEqual([EVENTS, EVENTS]);
});

test('a fold ends when all have left, and the next one who asks gets another', async () => {
  const { read, reads } = openPartition();
  const leaving = [new AbortController(), new AbortController()];
  const asked = leaving.map(({ signal }) => read(signal));
  await turnsOf(async () => {
    await nextLoopTurn();
    for (const one of leaving) one.abort(new Error('left'));
    for (const one of asked) await expect(one).rejects.toThrow('left');
  });
  expect(reads()).toBeLessThan(EVENTS / 10);
  expect(await read()).toBe(EVENTS);
  // It is kept, and those who left before do not matter.
  expect(await read(AbortSignal.abort())).toBe(EVENTS);
});

test('one who asks while a fold is being given up gets another', async () => {
  const { read } = openPartition();
  const { signal } = new AbortController();
  const others: Promise<number | undefined>[] = [];
  const ask = async () => {
    for (let time = 0; time < 20; time += 1) {
      others.push(read());
      await Promise.resolve();
    }
  };
  vi.spyOn(signal, 'aborted', 'get').mockReturnValue(true);
  vi.spyOn(signal, 'throwIfAborted').mockImplementation(() => {
    void ask();
    throw new Error('left');
  });
  await turnsOf(() => expect(read(signal)).rejects.toThrow('left'));
  expect(others.length).toBeGreaterThan(10);
  expect(new Set(await Promise.all(others))).toEqual(new Set([EVENTS]));
});

test.each(['stretches', 'stretchesBack'] as const)(
  'each event is read a few times for the %s of a range, however many there are',
  async (name) => {
    const { reader, model, store, reads } = openPartition({ events: { 'bus-1': 500 } });
    const keys = Array.from({ length: 80 }, (_, at) => String(20 + at));
    const includes = { s: 0, i: 0 };
    const slice = { subject: 'bus-1', includes, documents: [{ reports: 1 }], isNew: true };
    await store.save(keys.map((key) => ({ ...slice, key })));
    const found: [string, number][] = [];
    let stretches = 0;
    for await (const { slices } of reader[name](model, 'bus-1', { from: '20', to: '99' })) {
      stretches += 1;
      for (const [key, { reports }] of slices) found.push([key, reports]);
    }
    if (name === 'stretchesBack') keys.reverse();
    expect(found).toEqual(keys.map((key) => [key, key === '50' ? 501 : 1]));
    expect(stretches).toBe(40);
    expect(reads()).toBeLessThanOrEqual(3 * 500);
  },
);

test('a list of vehicles is read in turns, each of them once', async () => {
  const events = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`bus-${at}`, 30]));
  const { reader, model } = openPartition({ events });
  const subjects = Object.keys(events);
  let counts: readonly number[] = [];
  const list = async () => {
    const views = await reader.readEach(model, subjects, '50');
    counts = views.map(({ slice }) => slice?.reports ?? 0);
  };
  await turnsOf(list);
  expect(counts).toEqual(subjects.map(() => 30));
  // Now they are kept.
  expect(await turnsOf(list)).toBeGreaterThanOrEqual(9);
});
