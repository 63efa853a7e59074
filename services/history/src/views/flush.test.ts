import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import type { Projection } from '@odograph/kernel/projection';
import { createTurns } from '@odograph/platform/turns';
import { turnsOf } from '@odograph/testing/work-turns';
import { expect, test } from 'vitest';
import { samples } from '../domain/samples/samples.ts';
import { reported } from '../log/log.fixture.ts';
import type { CheckpointMove, Parked } from './checkpoints.ts';
import { flushTail } from './flush.ts';
import type { ReadModel } from './read-model.ts';
import type { ReadModelStore, SliceName, StoredSlice } from './read-model-store.ts';
import type { ChangedSlice } from './save-slices.ts';
import { createTail } from './tail.ts';
import { totalsProjection } from './totals.fixture.ts';

/** A partition with reports of a bus from sequence 1 on, its checkpoint, and a store that records its calls. */
interface FlushSketch {
  readonly reports?: number;
  readonly parked?: readonly Parked[];
  readonly whileLoading?: () => void;
  readonly projection?: Projection<unknown>;
  /** Between two reports, by the vehicle's clock. */
  readonly intervalMs?: number;
}

function openFlush({
  reports = 3,
  parked = [],
  whileLoading = () => undefined,
  projection = totalsProjection(),
  intervalMs = 1,
}: FlushSketch = {}) {
  const tail = createTail(0, 0);
  for (let sequence = 1; sequence <= reports; sequence += 1) {
    tail.append({ events: [reportAt(sequence, intervalMs)], through: sequence });
  }
  const loaded: string[] = [];
  const saved: ChangedSlice[] = [];
  const loadMany = async (names: readonly SliceName[]): Promise<StoredSlice[]> => {
    loaded.push(...names.map(({ subject }) => subject));
    whileLoading();
    return names.map((name) => ({ ...name, includes: undefined, documents: [] }));
  };
  const save = async (slices: readonly ChangedSlice[]) => void saved.push(...slices);
  const store = { load: loadMany, save } as unknown as ReadModelStore;
  const { name } = projection;
  let waits = 0;
  let isWaiting = false;
  const load = async (subject: string, key: string): Promise<StoredSlice> => {
    if (!isWaiting) waits += 1;
    isWaiting = true;
    await nextLoopTurn();
    isWaiting = false;
    return loadOne(subject, key);
  };
  const model = { projection, store, load } as ReadModel<unknown>;
  const from = new Map([[name, { partition: 0, projection: name, sequence: 0, parked }]]);
  const moved: CheckpointMove[] = [];
  const checkpoints = { move: async (move: CheckpointMove) => void moved.push(move) };
  const log = { readSubject: () => ReadableStream.from<StoredEvent>([]) };
  const flush = () => flushTail({ tail, models: [model], from, checkpoints, log, inTurn: createTurns() });
  /** How often a fold has waited for slices, which are then loaded with one query. */
  return { tail, loaded, saved, moved, flush, waits: () => waits };
}

const loadOne = async (subject: string, key: string): Promise<StoredSlice> => {
  return { subject, key, includes: undefined, documents: [] };
};

function reportAt(sequence: number, intervalMs: number): StoredEvent {
  const observedAtMs = sequence * intervalMs;
  const event = reported({ vehicleId: 'bus-1', reportId: `r${sequence}`, observedAtMs });
  return { position: { partition: 0, sequence, index: 0 }, event };
}

test('a flush fails if another owner flushed after its documents were loaded', async () => {
  const test = openFlush({ whileLoading: () => test.tail.trimThrough(2) });
  await expect(test.flush()).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  expect(test.saved).toEqual([]);
});

test('the slices of a vehicle are loaded with one query, and stored up to the end of the tail', async () => {
  const test = openFlush();
  await test.flush();
  expect(test.loaded).toEqual(['bus-1']);
  expect(test.saved).toMatchObject([{ subject: 'bus-1', includes: { s: 3 }, documents: [{ reports: 3 }] }]);
  expect(test.moved).toMatchObject([{ from: { sequence: 0 }, to: { sequence: 3 } }]);
});

test('no slice is loaded for a parked vehicle', async () => {
  const position = { partition: 0, sequence: 1, index: 0 };
  const test = openFlush({ parked: [{ projection: 'totals', subject: 'bus-1', position, reason: 'sick' }] });
  await test.flush();
  expect(test.loaded).toEqual([]);
  expect(test.saved).toEqual([]);
});

const TWO_HOURS_MS = 2 * 60 * 60 * 1_000;

test('the documents of a vehicle with many windows are made in turns', async () => {
  const test = openFlush({
    reports: 2_000,
    projection: samples,
    intervalMs: TWO_HOURS_MS,
  });
  expect(await turnsOf(test.flush)).toBeGreaterThan(100);
  expect(test.saved).toHaveLength(2_000);
});

test('the slices of a vehicle with many windows are loaded many at a time', async () => {
  const test = openFlush({ reports: 2_000, projection: samples, intervalMs: TWO_HOURS_MS });
  await test.flush();
  expect(test.saved).toHaveLength(2_000);
  expect(test.waits()).toBeLessThanOrEqual(10);
});

test('so are those of one window with many samples', async () => {
  const test = openFlush({ reports: 20_000, projection: samples });
  const turns = await turnsOf(test.flush);
  expect(test.saved[0]?.documents).toHaveLength(79);
  // The fold alone has fewer.
  expect(turns).toBeGreaterThan(70);
});

test('however many partitions are stored at the same time, few have their vehicles in memory', async () => {
  const inTurn = createTurns();
  let [loading, most] = [0, 0];
  const load = async (names: readonly SliceName[]): Promise<StoredSlice[]> => {
    loading += 1;
    most = Math.max(most, loading);
    await nextLoopTurn();
    loading -= 1;
    return names.map((name) => ({ ...name, includes: undefined, documents: [] }));
  };
  const projection = totalsProjection();
  const store = { load, save: async () => undefined } as unknown as ReadModelStore;
  const model = { projection, store, load: loadOne } as ReadModel<unknown>;
  const flushes = Array.from({ length: 16 }, async (_, partition) => {
    const tail = createTail(partition, 0);
    tail.append({ events: [reportAt(1, 1)], through: 1 });
    const from = new Map([
      [projection.name, { partition, projection: projection.name, sequence: 0, parked: [] }],
    ]);
    const log = { readSubject: () => ReadableStream.from<StoredEvent>([]) };
    await flushTail({
      tail,
      models: [model],
      from,
      checkpoints: { move: async () => undefined },
      log,
      inTurn,
    });
  });
  await Promise.all(flushes);
  expect(most).toBe(4);
});
