import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Fault, isFault } from '@odograph/kernel/fault';
import { comparePositions, type EventPosition } from '@odograph/kernel/position';
import type { Projection } from '@odograph/kernel/projection';
import { reportIn, type TelemetryReported } from '@odograph/kernel/vehicle-event';
import { silentLogger } from '@odograph/platform/logger';
import { createTurns } from '@odograph/platform/turns';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reported } from '../log/log.fixture.ts';
import type { Checkpoint, Checkpoints } from './checkpoints.ts';
import { PartitionView } from './partition-view.ts';
import type { ReadModel } from './read-model.ts';
import { includesPosition, type ReadModelStore, type StoredSlice } from './read-model-store.ts';
import { batchLoads } from './shared-reads.ts';
import { decided, POISON_SPEED } from './totals.fixture.ts';
import type { View } from './view.ts';
import { createViewReader } from './view-reader.ts';

/** The ids of the reports of a slice, in order: an event that is folded twice, never or too late shows. */
interface Ids {
  readonly ids: string[];
}

const KEYS = ['a', 'b', 'c'];
const SUBJECTS = ['bus-1', 'bus-2'];
const PROCESSES = [0, 1];

const idsProjection: Projection<Ids> = {
  name: 'ids',
  version: 1,
  read(event) {
    const report = reportIn(event);
    const speed = Number(report?.samples[0]?.signals['speed_kmh']);
    if (speed === POISON_SPEED) throw new Fault('CORRUPT_LOG', 'cannot add 666');
    return {
      keys: report ? [KEYS[speed % KEYS.length] as string] : [],
      applyTo: ({ ids }) => void ids.push(report?.reportId ?? ''),
    };
  },
  initial: () => ({ ids: [] }),
  toDocuments: ({ ids }) => [{ ids: [...ids] }],
  fromDocuments: (_subject, _key, [document]) => ({ ids: [...(document as unknown as Ids).ids] }),
};

type Step =
  | { readonly kind: 'report'; readonly subject: string; readonly speedKmh: number }
  | { readonly kind: 'drop'; readonly subject: string }
  | { readonly kind: 'deliver'; readonly process: number; readonly count: number }
  | { readonly kind: 'flush'; readonly process: number }
  | { readonly kind: 'own'; readonly process: number }
  | { readonly kind: 'read'; readonly process: number; readonly subject: string; readonly key: string }
  | { readonly kind: 'subjects'; readonly process: number }
  | { readonly kind: 'list'; readonly process: number; readonly key: string }
  | { readonly kind: 'stretches'; readonly process: number; readonly subject: string; readonly key: string };

const process = fc.constantFrom(...PROCESSES);
const subject = fc.constantFrom(...SUBJECTS);
const key = fc.constantFrom(...KEYS);
const speedKmh = fc.oneof({ weight: 9, arbitrary: fc.nat(20) }, fc.constant(POISON_SPEED));
const kind = <K extends Step['kind']>(name: K) => fc.constant(name);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: kind('report'), subject, speedKmh }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('drop'), subject }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('deliver'), process, count: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('flush'), process }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('own'), process }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('read'), process, subject, key }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('subjects'), process }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('list'), process, key }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('stretches'), process, subject, key }) },
);

/** A slice, or what is parked, in an answer; it must be that of the log at the position of the answer or later. */
interface Answer {
  readonly subject: string;
  readonly position: number;
  readonly key: string;
  readonly slice: Ids | undefined;
  readonly seen: string;
  readonly parkedAt: number | undefined;
}

/** Two processes with a tail each, on one log and one store in memory; one process at a time is the owner. */
function openTestReaders(cacheBytes: number) {
  const log: StoredEvent[] = [];
  const checkpoints = checkpointsInMemory();
  const store = storeInMemory();
  const model: ReadModel<Ids> = { projection: idsProjection, store, load: batchLoads(store) };
  const reader = {
    watermark: async () => log.length,
    read: async (_: number, after: number, through: number) => ({
      events: log.slice(after, through),
      through,
    }),
    async *readSubject(name: string, from: EventPosition, through: EventPosition) {
      const own = log.filter(({ event }) => event.subject === name);
      yield* own.filter(
        ({ position }) => comparePositions(position, from) >= 0 && comparePositions(position, through) <= 0,
      );
    },
  };
  let owner = 0;
  const start = new Map([['ids', { partition: 0, projection: 'ids', sequence: 0, parked: [] }]]);
  const processes = PROCESSES.map((own) => {
    const deps = {
      ...{ partition: 0, models: [model], checkpoints, log: reader, logger: silentLogger },
      listen: () => () => undefined,
      isOwner: () => owner === own,
      inTurn: createTurns(),
      settings: { flushIntervalMs: 1, flushBytes: 1_000_000, cacheBytes },
      metrics: { flushed: () => undefined, retried: () => undefined },
    };
    const view = new PartitionView(deps, start);
    return { view, reader: createViewReader({ partitions: [view], log: reader, cacheBytes }) };
  });
  const answers: Answer[] = [];

  function note(name: string, keys: readonly string[], { slices, position, parked }: View<Ids>): void {
    expect(keys).toEqual(expect.arrayContaining([...slices.keys()]));
    for (const wanted of keys) {
      const slice = slices.get(wanted);
      const parkedAt = parked?.position.sequence;
      const seen = JSON.stringify(slice?.ids);
      answers.push({ subject: name, position: position.sequence, key: wanted, slice, seen, parkedAt });
    }
  }

  function append(event: Event): void {
    log.push({ position: { partition: 0, sequence: log.length + 1, index: 0 }, event });
  }

  /** Appends to the log. */
  function write(step: Step): void {
    if (step.kind === 'report') {
      const { subject: vehicleId, speedKmh: speed } = step;
      append(reported({ vehicleId, reportId: `r${log.length + 1}`, observedAtMs: 1, speedKmh: speed }));
    }
    if (step.kind === 'drop') {
      const sequence = plainFold(log, step.subject).parkedAt ?? 1;
      append(decided('ParkedEventDropped', step.subject, { partition: 0, sequence, index: 0 }, 'ids'));
    }
  }

  /** Every vehicle that has reported up to the head must be in the list. */
  async function querySubjects(own: number): Promise<void> {
    const { view, reader: queries } = processes[own] as (typeof processes)[number];
    const known = log.slice(0, view.tail.head());
    const found = await queries.subjectsAfter(model, { after: '', limit: 9 });
    const reporting = SUBJECTS.filter((name) => plainFold(known, name).slices.size > 0);
    expect(found).toEqual(expect.arrayContaining(reporting));
  }

  /** Asks a process. */
  async function query(step: Step): Promise<void> {
    if (!('process' in step)) return;
    const { view, reader: queries } = processes[step.process] as (typeof processes)[number];
    if (step.kind === 'read') {
      note(step.subject, [step.key], await queries.read(model, step.subject, step.key));
    }
    if (step.kind === 'list') {
      const position = { partition: 0, sequence: view.tail.head() };
      for (const { subject: name, slice, parked } of await queries.readEach(model, SUBJECTS, step.key)) {
        note(name, [step.key], { slices: new Map([[step.key, slice]]), through: step.key, parked, position });
      }
    }
    if (step.kind === 'stretches') {
      let from = step.key;
      for await (const found of queries.stretches(model, step.subject, { from, to: 'c' })) {
        const [first, last] = [from, found.through];
        note(
          step.subject,
          KEYS.filter((wanted) => wanted >= first && wanted <= last),
          found,
        );
        from = `${found.through}\0`;
      }
    }
  }

  async function run(step: Step): Promise<void> {
    write(step);
    if (!('process' in step)) return;
    const { view } = processes[step.process] as (typeof processes)[number];
    if (step.kind === 'own') owner = step.process;
    if (step.kind === 'flush') await view.flushNow().catch(onlyAnotherOwner);
    if (step.kind === 'deliver') {
      const through = Math.min(log.length, view.tail.head() + step.count);
      view.tail.append({ events: log.slice(view.tail.head(), through), through });
    }
    if (step.kind === 'subjects') await querySubjects(step.process);
    else await query(step);
  }

  return { log, answers, run };
}

/** Whether an answer is that of the log at its position or at a later one. */
function isTrue(
  { subject: name, position, key: wanted, seen, parkedAt }: Answer,
  log: readonly StoredEvent[],
) {
  const prefixes = Array.from({ length: log.length - position + 1 }, (_, more) => {
    return plainFold(log.slice(0, position + more), name);
  });
  const hasSlice = prefixes.some(({ slices }) => JSON.stringify(slices.get(wanted)) === seen);
  return hasSlice && prefixes.some((folded) => folded.parkedAt === parkedAt);
}

test.each([
  ['one after the other', false, 1_000_000],
  ['at the same time', true, 1_000_000],
  ['at the same time, with room for one answer', true, 2_000],
])(
  'any appends, flushes, takeovers and queries, %s: every answer is a fold of the log',
  async (_, isParallel, bytes) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 20, maxLength: 100 }), async (steps) => {
        const { log, answers, run } = openTestReaders(bytes);
        const running: Promise<void>[] = [];
        for (const [at, step] of steps.entries()) {
          running.push(run(step));
          if (!isParallel) await running[at];
          else if (at % 3 === 0) await yieldToEventLoop();
        }
        await Promise.all(running);
        for (const answer of answers) {
          expect(isTrue(answer, log), JSON.stringify(answer)).toBe(true);
          expect(JSON.stringify(answer.slice?.ids)).toBe(answer.seen);
        }
      }),
      { numRuns: 300 },
    );
  },
);

test('all who ask about a vehicle at the same time, or before its next event, share one read and one fold', async () => {
  const test = openTestReaders(1_000_000);
  const ask: Step = { kind: 'read', process: 0, subject: 'bus-1', key: 'b' };
  await test.run({ kind: 'report', subject: 'bus-1', speedKmh: 1 });
  await test.run({ kind: 'deliver', process: 0, count: 1 });
  await Promise.all([test.run(ask), test.run(ask), test.run({ kind: 'list', process: 0, key: 'b' })]);
  await test.run(ask);
  expect(new Set(test.answers.map(({ slice }) => slice)).size).toBe(1);
  expect(test.answers).toHaveLength(4);
});

test('a replica folds what the owner has stored before the replica heard of it', async () => {
  const test = openTestReaders(1_000_000);
  const ask: Step = { kind: 'read', process: 1, subject: 'bus-1', key: 'b' };
  const both: readonly Step[] = [
    { kind: 'report', subject: 'bus-1', speedKmh: 1 },
    { kind: 'deliver', process: 0, count: 1 },
    { kind: 'flush', process: 0 },
  ];
  const hears: Step = { kind: 'deliver', process: 1, count: 1 };
  const learns: Step = { kind: 'flush', process: 1 };
  for (const step of [...both, hears, learns, ask, ...both, learns, hears, ask]) await test.run(step);
  expect(test.answers.map(({ slice, position }) => [position, slice?.ids])).toEqual([
    [1, ['r1']],
    [2, ['r1', 'r2']],
  ]);
});

/** The slices of a vehicle, and what is parked, by the plainest fold there is. */
function plainFold(log: readonly StoredEvent[], name: string) {
  const slices = new Map<string, string[]>();
  let parkedAt: number | undefined;
  let waiting: StoredEvent[] = [];

  function wait(stored: StoredEvent): void {
    const event = decodeEvent(stored.event);
    waiting.push(stored);
    if (event.type !== 'ParkedEventDropped' || event.position.sequence !== parkedAt) return;
    const released = waiting;
    parkedAt = undefined;
    waiting = [];
    for (const next of released) fold(next);
  }

  function fold(stored: StoredEvent): void {
    const event = decodeEvent(stored.event);
    if (parkedAt !== undefined) wait(stored);
    else if (event.type === 'TelemetryReported') apply(stored, event);
  }

  function apply(stored: StoredEvent, event: TelemetryReported): void {
    const speed = Number(event.samples[0]?.signals['speed_kmh']);
    const slice = KEYS[speed % KEYS.length] as string;
    if (speed === POISON_SPEED) parkedAt = stored.position.sequence;
    else slices.set(slice, [...(slices.get(slice) ?? []), event.reportId]);
  }

  for (const stored of log) if (stored.event.subject === name) fold(stored);
  return { slices, parkedAt };
}

function checkpointsInMemory(): Checkpoints {
  let current: Checkpoint = { partition: 0, projection: 'ids', sequence: 0, parked: [] };
  return {
    async read() {
      await yieldToEventLoop();
      return new Map([['ids', current]]);
    },
    async move(moves) {
      await yieldToEventLoop();
      for (const { from, to } of moves) {
        if (current.sequence !== from.sequence && current.sequence !== to.sequence)
          throw new Fault('VERSION_CONFLICT', 'moved');
        current = to;
      }
    },
  };
}

/** Keeps newer documents, as the real one does. A stretch has at most two slices. */
function storeInMemory(): ReadModelStore {
  const stored = new Map<string, StoredSlice>();
  const find = (name: string, wanted: string): StoredSlice =>
    stored.get(`${name}\n${wanted}`) ?? { subject: name, key: wanted, includes: undefined, documents: [] };
  return {
    async load(names) {
      await yieldToEventLoop();
      return names.map((name) => find(name.subject, name.key));
    },
    async loadFirst(name, from, to) {
      await yieldToEventLoop();
      const keys = KEYS.filter((wanted) => wanted >= from && wanted <= to);
      const slices = keys.map((wanted) => find(name, wanted)).filter(({ includes }) => includes);
      const through = slices.length > 2 ? (slices[1] as StoredSlice).key : to;
      return { slices: slices.slice(0, 2), through };
    },
    async subjectsAfter(after, limit) {
      await yieldToEventLoop();
      const names = new Set(Array.from(stored.values(), (slice) => slice.subject));
      return [...names]
        .filter((name) => name > after)
        .sort()
        .slice(0, limit);
    },
    async save(slices) {
      for (const { subject: name, key: wanted, includes, documents } of slices) {
        await yieldToEventLoop();
        const position = { partition: 0, sequence: includes.s, index: includes.i };
        if (includesPosition(find(name, wanted).includes, position)) continue;
        // The projection of these tests has one document a slice, and gives it at each flush.
        const [document] = documents;
        if (document)
          stored.set(`${name}\n${wanted}`, { subject: name, key: wanted, includes, documents: [document] });
      }
    },
  };
}

/** Another owner may have flushed meanwhile: then the next flush continues. Anything else fails the test. */
function onlyAnotherOwner(error: unknown): void {
  if (!isFault(error, 'VERSION_CONFLICT')) throw error;
}
