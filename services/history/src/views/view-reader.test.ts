import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { decodeEvent, NewerEventFault } from '@odograph/contracts/event-catalogue';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Fault, isFault } from '@odograph/kernel/fault';
import type { Projection } from '@odograph/kernel/projection';
import { reportIn, type TelemetryReported } from '@odograph/kernel/vehicle-event';
import { silentLogger } from '@odograph/platform/logger';
import { createTurns } from '@odograph/platform/turns';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reported } from '../log/log.fixture.ts';
import { catchUp } from './catch-up.ts';
import {
  type Blocks,
  blocksProjection,
  type Ids,
  idsProjection,
  KEYS,
  keyOfSpeed,
  shown,
} from './ids.fixture.ts';
import { PartitionView } from './partition-view.ts';
import type { ReadModel } from './read-model.ts';
import { batchLoads } from './shared-reads.ts';
import { checkpointsInMemory, logInMemory, storeInMemory } from './stores.fixture.ts';
import { decided, POISON_SPEED } from './totals.fixture.ts';
import type { View } from './view.ts';
import { createViewCache } from './view-cache.ts';
import { createViewReader } from './view-reader.ts';

/** How long others wait for a read that hangs, and for one that is only slow. */
const [PATIENCE_MS, LONG_PATIENCE_MS] = [1, 10_000];

const SUBJECTS = ['bus-1', 'bus-2'];
const PROCESSES = [0, 1];
const NAMES = ['ids', 'blocks'] as const;
type Name = (typeof NAMES)[number];

type Step =
  | { readonly kind: 'report'; readonly subject: string; readonly speedKmh: number }
  | { readonly kind: 'drop'; readonly subject: string }
  | { readonly kind: 'deliver'; readonly process: number; readonly count: number }
  | { readonly kind: 'flush'; readonly process: number }
  | { readonly kind: 'own'; readonly process: number }
  | { readonly kind: 'catchUp'; readonly process: number }
  | { readonly kind: 'fault'; readonly fault: 'fail' | 'hang' }
  | { readonly kind: 'subjects'; readonly process: number }
  | Query;

/** One slice of a model with one document a slice, or all slices of a model. */
type Query =
  | { readonly kind: 'read'; readonly process: number; readonly subject: string; readonly key: string }
  | { readonly kind: 'list'; readonly process: number; readonly key: string }
  | {
      readonly kind: 'stretches';
      readonly process: number;
      readonly name: Name;
      readonly subject: string;
      readonly key: string;
    };

const process = fc.constantFrom(...PROCESSES);
const subject = fc.constantFrom(...SUBJECTS);
const key = fc.constantFrom(...KEYS);
const speedKmh = fc.oneof({ weight: 9, arbitrary: fc.nat(20) }, fc.constant(POISON_SPEED));
const name = fc.constantFrom(...NAMES);
const kind = <K extends Step['kind']>(name: K) => fc.constant(name);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: kind('report'), subject, speedKmh }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('drop'), subject }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('deliver'), process, count: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('flush'), process }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('own'), process }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('catchUp'), process }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('read'), process, subject, key }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('subjects'), process }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('list'), process, key }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('stretches'), process, name, subject, key }) },
);
const failing = fc.record({ kind: kind('fault'), fault: fc.constant<'fail' | 'hang'>('fail') });
const hanging = fc.record({ kind: kind('fault'), fault: fc.constant<'fail' | 'hang'>('hang') });

/** A slice, or what is parked, in an answer; it must be that of the log at the position of the answer or later. */
interface Answer {
  readonly name: Name;
  readonly subject: string;
  readonly position: number;
  readonly key: string;
  readonly slice: Ids | Blocks | undefined;
  readonly seen: string | undefined;
  readonly parkedAt: number | undefined;
  /** Whether more is stored than up to the position. Another process has stored it. */
  readonly isBehind: boolean;
}

/** Reads and writes that fail, or hang until they are told to go on. */
function openFaults() {
  const next: ('fail' | 'hang')[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const disturb = async () => {
    await yieldToEventLoop();
    const fault = next.shift();
    if (fault === 'fail') throw new Fault('UNAVAILABLE', 'MongoDB is away');
    if (fault === 'hang') await released;
  };
  const end = () => {
    next.length = 0;
    release();
  };
  return { next, disturb, end };
}

/** Reports with this speed only a newer program knows. */
const NEWER_SPEED = 13;

/** A read model as a program folds it that does not know some events. */
function asOldProgram(model: ReadModel<unknown>): ReadModel<unknown> {
  const { projection } = model;
  const read: typeof projection.read = (event, position) => {
    const speed = reportIn(event)?.samples[0]?.signals['speed_kmh'];
    if (speed === NEWER_SPEED) throw new NewerEventFault({ type: 'TelemetryReported', version: 1 });
    return projection.read(event, position);
  };
  return { ...model, projection: { ...projection, read } };
}

/** Two processes with a tail each, on one log and one store in memory; one process at a time is the owner. */
function openTestReaders({
  cacheBytes = 1_000_000,
  flushBytes = 1_000_000,
  patienceMs = PATIENCE_MS,
  isFirstOld = false,
} = {}) {
  const log = logInMemory();
  const faults = openFaults();
  const checkpoints = checkpointsInMemory(NAMES, faults.disturb);
  const modelOf = <S>(projection: Projection<S>) => {
    const store = storeInMemory(faults.disturb);
    return { projection, store, load: batchLoads(store) } as ReadModel<unknown>;
  };
  const newModels = { ids: modelOf(idsProjection), blocks: modelOf(blocksProjection) };
  const oldModels = { ids: asOldProgram(newModels.ids), blocks: asOldProgram(newModels.blocks) };
  let owner = 0;
  const start = new Map(
    NAMES.map((projection) => [projection, { partition: 0, projection, sequence: 0, parked: [] }]),
  );
  const processes = PROCESSES.map((own) => {
    const cache = createViewCache(cacheBytes, patienceMs);
    const models = isFirstOld && own === 0 ? oldModels : newModels;
    const deps = {
      ...{
        partition: 0,
        partitionCount: 1,
        models: Object.values(models),
        checkpoints,
        log,
        logger: silentLogger,
      },
      listen: () => () => undefined,
      isOwner: () => owner === own,
      ...{ inTurn: createTurns(), cache },
      settings: { flushIntervalMs: 1, flushBytes, cacheBytes },
      metrics: { flushed: () => undefined, retried: () => undefined, healed: () => undefined },
    };
    const view = new PartitionView(deps, { checkpoints: start, watermark: 0 });
    return {
      view,
      models,
      reader: createViewReader({ partitions: [view], log, cache }),
    };
  });
  const at = (process: number) => processes[process] as (typeof processes)[number];
  const answers: Answer[] = [];

  function note(
    { name: of, subject: vehicle }: Pick<Answer, 'name' | 'subject'>,
    keys: readonly string[],
    view: View<unknown>,
  ): void {
    const { slices, position, parked } = view;
    expect(keys).toEqual(expect.arrayContaining([...slices.keys()]));
    for (const wanted of keys) {
      const slice = slices.get(wanted) as Ids | Blocks | undefined;
      const parkedAt = parked?.position.sequence;
      const which = { name: of, subject: vehicle, key: wanted };
      const isBehind = checkpoints.storedThrough(of) > position.sequence;
      answers.push({ ...which, position: position.sequence, slice, seen: shown(slice), parkedAt, isBehind });
    }
  }

  /** Appends to the log. */
  function write(step: Step): void {
    const { events, append } = log;
    if (step.kind === 'report') {
      const { subject: vehicleId, speedKmh: speed } = step;
      append(reported({ vehicleId, reportId: `r${events.length + 1}`, observedAtMs: 1, speedKmh: speed }));
    }
    if (step.kind === 'drop') {
      const sequence = plainFold(events, step.subject, { of: 'ids' }).parkedAt ?? 1;
      append(decided('ParkedEventDropped', step.subject, { partition: 0, sequence, index: 0 }, 'ids'));
    }
  }

  /** Every vehicle that has reported up to the head must be in the list. */
  async function querySubjects(process: number): Promise<void> {
    const { view, reader, models } = at(process);
    const known = log.events.slice(0, view.headOf(models.ids));
    const found = await reader.subjectsAfter(models.ids, { after: '', limit: 9 });
    const reporting = SUBJECTS.filter((vehicle) => plainFold(known, vehicle, { of: 'ids' }).slices.size > 0);
    expect(found).toEqual(expect.arrayContaining(reporting));
  }

  async function queryList({ process, key }: Query & { readonly kind: 'list' }): Promise<void> {
    const { reader, models } = at(process);
    for (const found of await reader.readEach(models.ids, SUBJECTS, key)) {
      const { subject: vehicle, slice, parked, position } = found;
      const slices = new Map(slice ? [[key, slice]] : []);
      note({ name: 'ids', subject: vehicle }, [key], { slices, through: key, parked, position });
    }
  }

  async function query(step: Query): Promise<void> {
    const { reader, models } = at(step.process);
    if (step.kind === 'read') {
      const of = { name: 'ids', subject: step.subject } as const;
      note(of, [step.key], await reader.read(models.ids, step.subject, step.key));
    }
    if (step.kind === 'list') await queryList(step);
    if (step.kind === 'stretches') {
      let from = step.key;
      for await (const found of reader.stretches(models[step.name], step.subject, { from, to: 'c' })) {
        const [first, last] = [from, found.through];
        note(
          step,
          KEYS.filter((each) => each >= first && each <= last),
          found,
        );
        from = `${found.through}\0`;
      }
    }
  }

  /** A step of the read models that are behind, as the owner makes it. */
  async function catchUpAll(process: number): Promise<void> {
    const { view, models } = at(process);
    for (const model of Object.values(models)) {
      if (view.followsTail(model) || owner !== process) continue;
      const range = { from: view.checkpointOf(model), through: view.tail.head(), maxBytes: 500 };
      const deps = { log, checkpoints, inTurn: createTurns(), rest: async () => undefined };
      await catchUp({ model, ...range, ...deps });
      await view.flushNow();
    }
  }

  async function run(step: Step): Promise<void> {
    write(step);
    if (step.kind === 'fault') faults.next.push(step.fault);
    if (!('process' in step)) return;
    if (step.kind === 'own') owner = step.process;
    else if (step.kind === 'flush') await at(step.process).view.flushNow();
    else if (step.kind === 'catchUp') await catchUpAll(step.process);
    else if (step.kind === 'deliver') deliver(step.process, step.count);
    else if (step.kind === 'subjects') await querySubjects(step.process);
    else await query(step);
  }

  function deliver(process: number, count: number): void {
    const { tail } = at(process).view;
    const through = Math.min(log.events.length, tail.head() + count);
    tail.append({ events: log.events.slice(tail.head(), through), through });
  }

  /** Delivers the whole log and stores it. */
  async function store(): Promise<void> {
    for (const process of PROCESSES) deliver(process, log.events.length);
    // Each step stores a few events; the limit is far above what is needed.
    for (let step = 0; step < log.events.length; step += 1) {
      await catchUpAll(owner).catch(onlyAnotherOwner);
      await at(owner).view.flushNow().catch(onlyAnotherOwner);
    }
  }

  /** Stores the whole log, then asks processes for everything. */
  async function settle(asked = PROCESSES): Promise<void> {
    await store();
    for (const process of asked) {
      await at(process).view.flushNow();
      for (const of of NAMES.flatMap((name) => SUBJECTS.map((vehicle) => ({ name, subject: vehicle })))) {
        await query({ kind: 'stretches', process, ...of, key: 'a' });
      }
    }
  }

  return { log: log.events, answers, faults, run, settle };
}

/** Whether an answer is that of the log at its position or at a later one. */
function isTrue(
  { name: asked, subject: vehicle, position, key: wanted, seen, parkedAt }: Answer,
  log: readonly StoredEvent[],
  isOldProgram = false,
) {
  const prefixes = Array.from({ length: log.length - position + 1 }, (_, more) => {
    return plainFold(log.slice(0, position + more), vehicle, { of: asked, isOldProgram });
  });
  const idsAt = (prefix: (typeof prefixes)[number] | undefined) => prefix?.slices.get(wanted) ?? [];
  const hasSlice =
    asked === 'ids'
      ? prefixes.some(({ slices }) => JSON.stringify(slices.get(wanted)) === seen)
      : isBetween(idsAt(prefixes[0]), JSON.parse(seen ?? '[]'), idsAt(prefixes.at(-1)));
  return hasSlice && prefixes.some((folded) => folded.parkedAt === parkedAt);
}

/**
 * A slice of several documents has everything up to the position. Of what comes later it may have a part, because a save
 * that is under way or has failed has stored some of them.
 */
function isBetween(least: readonly string[], seen: readonly string[], most: readonly string[]): boolean {
  return least.every((id) => seen.includes(id)) && seen.every((id) => most.includes(id));
}

const ROOMY = { cacheBytes: 1_000_000, flushBytes: 1_000_000 };

test.each([
  ['one after the other', { isParallel: false, faults: [], room: ROOMY }],
  ['one after the other, some fail', { isParallel: false, faults: [failing], room: ROOMY }],
  [
    'one after the other, with a tail that is soon full',
    { isParallel: false, faults: [failing], room: { ...ROOMY, flushBytes: 600 } },
  ],
  ['at the same time', { isParallel: true, faults: [], room: ROOMY }],
  [
    'at the same time, with room for one answer',
    { isParallel: true, faults: [], room: { ...ROOMY, cacheBytes: 2_000 } },
  ],
  [
    'at the same time, some fail or hang',
    { isParallel: true, faults: [failing, hanging], room: { ...ROOMY, flushBytes: 600 } },
  ],
])(
  'any appends, flushes, takeovers and queries, %s: every answer is a fold of the log',
  async (_, { isParallel, faults: kinds, room }) => {
    const step = fc.oneof(
      { weight: 12, arbitrary: anyStep },
      ...kinds.map((arbitrary) => ({ weight: 1, arbitrary })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 100 }), async (steps) => {
        const { log, answers, faults, run, settle } = openTestReaders(room);
        const running: Promise<void>[] = [];
        for (const [at, next] of steps.entries()) {
          const done = run(next).catch(onlyExpected);
          running.push(done);
          if (!isParallel) await done;
          else if (at % 3 === 0) await yieldToEventLoop();
        }
        faults.end();
        await Promise.all(running);
        const last = answers.length;
        await settle();
        for (const answer of answers) {
          expect(isTrue(answer, log), JSON.stringify(answer)).toBe(true);
          expect(shown(answer.slice)).toBe(answer.seen);
        }
        for (const { position } of answers.slice(last)) expect(position).toBe(log.length);
      }),
      { numRuns: 300 },
    );
  },
);

test('an old program and a new one in turns give the views of the new one alone', async () => {
  const newer = fc.record({ kind: kind('report'), subject, speedKmh: fc.constant(NEWER_SPEED) });
  const step = fc.oneof({ weight: 12, arbitrary: anyStep }, { weight: 2, arbitrary: newer });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 100 }), async (steps) => {
      const { log, answers, run, settle } = openTestReaders({ isFirstOld: true });
      for (const next of steps) {
        // A drop of what only the old program has parked would not be made with the new one alone.
        const isOfBoth =
          next.kind !== 'drop' || plainFold(log, next.subject, { of: 'ids' }).parkedAt !== undefined;
        const isQueryOfOld = 'process' in next && next.process === 0 && 'key' in next;
        const isKept = isOfBoth && !isQueryOfOld && next.kind !== 'subjects';
        if (isKept) await run(next).catch(onlyExpected);
      }
      await run({ kind: 'own', process: 1 });
      // The log always has something new: a tick, at the latest.
      await run({ kind: 'report', subject: 'bus-2', speedKmh: 0 });
      const settled = answers.length;
      await settle([1]);
      for (const [at, answer] of answers.entries()) {
        // While a process is behind what the old program has stored, it may see that: the old one had parked something else.
        const isOfOld = at < settled && answer.isBehind && isTrue(answer, log, true);
        expect(isOfOld || isTrue(answer, log), JSON.stringify(answer)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('all who ask about a vehicle at the same time, or before its next event, share one read and one fold', async () => {
  const test = openTestReaders({ patienceMs: LONG_PATIENCE_MS });
  const ask: Step = { kind: 'read', process: 0, subject: 'bus-1', key: 'b' };
  await test.run({ kind: 'report', subject: 'bus-1', speedKmh: 1 });
  await test.run({ kind: 'deliver', process: 0, count: 1 });
  await Promise.all([test.run(ask), test.run(ask), test.run({ kind: 'list', process: 0, key: 'b' })]);
  await test.run(ask);
  const answers = test.answers.filter((answer) => answer.subject === 'bus-1');
  expect(new Set(answers.map(({ slice }) => slice)).size).toBe(1);
  expect(answers).toHaveLength(4);
});

test('after a flush, the documents of a vehicle whose view is kept are not read again', async () => {
  const test = openTestReaders({ patienceMs: LONG_PATIENCE_MS });
  const ask: Step = { kind: 'stretches', process: 0, name: 'blocks', subject: 'bus-1', key: 'a' };
  const report: Step = { kind: 'report', subject: 'bus-1', speedKmh: 1 };
  const more: readonly Step[] = [report, report, report, { kind: 'deliver', process: 0, count: 3 }];
  const flush: Step = { kind: 'flush', process: 0 };
  for (const step of [...more, ask, flush, ask, ...more, flush, ...more]) await test.run(step);
  test.faults.next.push('fail');
  await test.run(ask);
  expect(test.faults.next).toEqual(['fail']);
  const ids = ['r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9'];
  expect(test.answers.findLast(({ key }) => key === 'b')?.seen).toBe(JSON.stringify(ids));
});

test('a replica folds what the owner has stored before the replica heard of it', async () => {
  const test = openTestReaders();
  const ask: Step = { kind: 'read', process: 1, subject: 'bus-1', key: 'b' };
  const both: readonly Step[] = [
    { kind: 'report', subject: 'bus-1', speedKmh: 1 },
    { kind: 'deliver', process: 0, count: 1 },
    { kind: 'flush', process: 0 },
  ];
  const hears: Step = { kind: 'deliver', process: 1, count: 1 };
  const learns: Step = { kind: 'flush', process: 1 };
  for (const step of [...both, hears, learns, ask, ...both, learns, hears, ask]) await test.run(step);
  expect(test.answers.map(({ slice, position }) => [position, (slice as Ids).ids])).toEqual([
    [1, ['r1']],
    [2, ['r1', 'r2']],
  ]);
});

/** The slices of a vehicle, and what is parked, by the plainest fold there is. Only `ids` cannot apply some events. */
function plainFold(
  log: readonly StoredEvent[],
  vehicle: string,
  { of, isOldProgram = false }: { readonly of: Name; readonly isOldProgram?: boolean },
) {
  const isParked = (speed: number) =>
    (speed === POISON_SPEED && of === 'ids') || (speed === NEWER_SPEED && isOldProgram);

  const slices = new Map<string, string[]>();
  let parkedAt: number | undefined;
  let behind: StoredEvent[] = [];

  function wait(stored: StoredEvent): void {
    const event = decodeEvent(stored.event);
    behind.push(stored);
    if (event.type !== 'ParkedEventDropped' || event.position.sequence !== parkedAt) return;
    const released = behind;
    parkedAt = undefined;
    behind = [];
    for (const next of released) fold(next);
  }

  function fold(stored: StoredEvent): void {
    const event = decodeEvent(stored.event);
    if (parkedAt !== undefined) wait(stored);
    else if (event.type === 'TelemetryReported') apply(stored, event);
  }

  function apply(stored: StoredEvent, event: TelemetryReported): void {
    const speed = Number(event.samples[0]?.signals['speed_kmh']);
    const slice = keyOfSpeed(speed);
    if (isParked(speed)) parkedAt = stored.position.sequence;
    else slices.set(slice, [...(slices.get(slice) ?? []), event.reportId]);
  }

  for (const stored of log) if (stored.event.subject === vehicle) fold(stored);
  return { slices, parkedAt };
}

/** Another owner may have flushed meanwhile: then the next flush continues. Anything else fails the test. */
function onlyAnotherOwner(error: unknown): void {
  if (!isFault(error, 'VERSION_CONFLICT')) throw error;
}

/** A step may also fail because MongoDB is away. */
function onlyExpected(error: unknown): void {
  if (!isFault(error, 'UNAVAILABLE')) onlyAnotherOwner(error);
}
