import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { type CommittedEnvelope, eventsOf, sentEvents } from '@odograph/event-log/committed-envelope';
import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Entries } from '../domain/ledger/entries.ts';
import type { KnownTimes } from '../domain/ledger/known-times.ts';
import type { ReadEnvelope } from './envelope-reader.ts';
import { type JudgedEnvelope, Ledger } from './ledger.ts';
import type { LedgerStore } from './ledger-store.ts';

/** A report of few vehicles, times, ids and contents, so that repetitions and conflicts are frequent. */
interface Sketch {
  readonly subject: string;
  readonly time: number;
  readonly id: string;
  readonly content: number;
  readonly isQuarantined: boolean;
}

const START_MS = 1_700_000_000_000;
const anySketch: fc.Arbitrary<Sketch> = fc.record({
  subject: fc.constantFrom('V1', 'V2'),
  time: fc.nat(3).map((hours) => hours * 3_600_000),
  id: fc.constantFrom('a', 'b'),
  content: fc.nat(1),
  isQuarantined: fc.boolean(),
});

/** Envelopes, and what happens after each: nothing, the ledger is stored, or the owner dies and another takes over. */
type Next = 'nothing' | 'store' | 'store while the next is judged' | 'die' | 'die while storing';

const anyCourse = fc.array(
  fc.record({
    batch: fc.array(fc.array(anySketch, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
    next: fc.constantFrom<Next>(
      'nothing',
      'store',
      'store while the next is judged',
      'die',
      'die while storing',
    ),
  }),
  { maxLength: 12 },
);

function eventOf({ subject, time, id, content, isQuarantined }: Sketch): Event {
  const observedAtMs = START_MS + time;
  const head = { subject, reportId: id, observedAtMs, receivedAtMs: START_MS };
  const signals = { speed_kmh: content };
  const event = isQuarantined
    ? {
        type: 'TelemetryQuarantined' as const,
        ...head,
        samples: [{ sampleIndex: 0, sample: { observedAtMs, signals }, findings: [] }],
      }
    : { type: 'TelemetryReported' as const, ...head, samples: [{ observedAtMs, signals }] };
  return encodeEvent(event, { contentHash: Buffer.alloc(16, content) });
}

function envelopeOf(sequence: number, sketches: readonly Sketch[]): ReadEnvelope {
  return envelopeWith(sequence, sketches.map(eventOf));
}

function envelopeWith(sequence: number, events: readonly Event[]): ReadEnvelope {
  const bytes = packEnvelope(events.map(encodeEnvelopeEntry));
  const message = { partition: 0, sequence, storedAtMs: START_MS, bytes };
  return { ...message, ...sentEvents(message) };
}

const kindsOf = (judged: readonly JudgedEnvelope[]) =>
  judged.flatMap(({ fates }) => fates.map(({ index, kind }) => [index, kind]));

const DEATH = new Error('the owner died');

/** A log in memory that takes turns as MongoDB does, and a stored ledger. */
function createTestLog() {
  const envelopes: CommittedEnvelope[] = [];
  const windows = new Map<string, { through: number; bytes: Buffer[] }>();
  const times = new Map<string, KnownTimes>();
  let checkpoint = 0;
  let diesAfter = Number.POSITIVE_INFINITY;

  const store: LedgerStore = {
    async checkpoint() {
      return checkpoint;
    },
    async timesOf(subjects) {
      await nextTurn();
      return new Map(
        subjects.flatMap((subject) =>
          times.has(subject) ? [[subject, times.get(subject) as KnownTimes]] : [],
        ),
      );
    },
    async windows(names) {
      await nextTurn();
      const found = names.map(({ subject, window }) => windows.get(`${subject}\n${window}`)?.bytes ?? []);
      // So that the ledger can be stored between the read and its answer.
      for (let turns = 0; turns < 8; turns += 1) await nextTurn();
      return found.map((bytes) => new Entries(Buffer.concat(bytes)));
    },
    sequencesOf: async () => [],
    async save(_, changes, { from, to }) {
      for (const { subject, times: known, windows: changed } of changes) {
        for (const { window, entries } of changed) {
          await nextTurn();
          if (diesAfter-- <= 0) throw DEATH;
          const name = `${subject}\n${window}`;
          const stored = windows.get(name) ?? { through: 0, bytes: [] };
          if (stored.through < to)
            windows.set(name, { through: to, bytes: [...stored.bytes, Buffer.from(entries.bytes)] });
        }
        times.set(subject, known);
      }
      await nextTurn();
      expect(checkpoint).toBe(from);
      checkpoint = to;
    },
  };
  const reader = {
    async read(_: number, after: number, through: number) {
      await nextTurn();
      const next = envelopes.filter(({ sequence }) => sequence > after && sequence <= through).slice(0, 2);
      return { events: next.flatMap(eventsOf), through: next.at(-1)?.sequence ?? through };
    },
    async readEnvelopes(_: number, sequences: readonly number[]) {
      await nextTurn();
      return envelopes.filter(({ sequence }) => sequences.includes(sequence));
    },
  };
  return {
    open: () => Ledger.open({ partition: 0, store, reader }, envelopes.at(-1)?.sequence ?? 0),
    append: (judged: readonly JudgedEnvelope[]) => envelopes.push(...judged),
    diesAfter: (writes: number) => {
      diesAfter = writes;
    },
    revive: () => {
      diesAfter = Number.POSITIVE_INFINITY;
    },
    envelopes,
  };
}

type Outcome = 'new' | 'duplicate' | 'conflict';

/** The fates by a plain set of keys: the first content of a key is new, another is a conflict once, the rest are duplicates. */
function createPlainJudge(): (sketch: Sketch) => Outcome {
  const contents = new Map<string, Set<number>>();
  return ({ subject, time, id, content }) => {
    const key = `${subject} ${time} ${id}`;
    const known = contents.get(key) ?? new Set();
    contents.set(key, known);
    if (known.has(content)) return 'duplicate';
    known.add(content);
    return known.size === 1 ? 'new' : 'conflict';
  };
}

function outcomesOf({ fates }: JudgedEnvelope, count: number): Outcome[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = fates.find((fate) => fate.index === index)?.kind;
    return kind === 'duplicate' || kind === 'conflict' ? kind : 'new';
  });
}

/** One owner after the other: each judges what the one before left. */
function createOwners(log: ReturnType<typeof createTestLog>, writesBeforeDeath: number) {
  let ledger: Ledger | undefined;
  let storing: Promise<void> | undefined;

  async function dieWhileStoring(): Promise<void> {
    log.diesAfter(writesBeforeDeath);
    await ledger?.store().catch((error: unknown) => expect(error).toBe(DEATH));
    log.revive();
  }

  return {
    async judge(batch: readonly ReadEnvelope[]): Promise<readonly JudgedEnvelope[]> {
      ledger ??= await log.open();
      const judged = await ledger.judge(batch);
      await storing;
      storing = undefined;
      log.append(judged);
      return judged;
    },
    async next(next: Next): Promise<void> {
      if (next === 'store') await ledger?.store();
      if (next === 'store while the next is judged') storing = ledger?.store();
      if (next === 'die while storing') await dieWhileStoring();
      if (next.startsWith('die')) ledger = undefined;
    },
    end: async () => await storing,
  };
}

test('fates are those of a plain set of keys, whenever the ledger is stored and whichever owner judges', async () => {
  await fc.assert(
    fc.asyncProperty(anyCourse, fc.nat(4), async (course, writes) => {
      const owners = createOwners(createTestLog(), writes);
      const expected = createPlainJudge();
      let sequence = 0;
      for (const { batch, next } of course) {
        const judged = await owners.judge(batch.map((sketches) => envelopeOf(++sequence, sketches)));
        expect(judged.flatMap((envelope, at) => outcomesOf(envelope, batch[at]?.length ?? 0))).toEqual(
          batch.flat().map(expected),
        );
        await owners.next(next);
      }
      await owners.end();
    }),
    { numRuns: 300 },
  );
});

test('what readers see of the log has each report once, and a conflict for each other content', async () => {
  await fc.assert(
    fc.asyncProperty(anyCourse, async (course) => {
      const log = createTestLog();
      const expected = createPlainJudge();
      const ledger = await log.open();
      let sequence = 0;
      for (const { batch } of course)
        log.append(await ledger.judge(batch.map((sketches) => envelopeOf(++sequence, sketches))));
      const seen = log.envelopes
        .flatMap(eventsOf)
        .map(({ event: { type } }) => type === 'TelemetryConflicted');
      const wanted = course
        .flatMap(({ batch }) => batch.flat())
        .map(expected)
        .filter((outcome) => outcome !== 'duplicate');
      expect(seen).toEqual(wanted.map((outcome) => outcome === 'conflict'));
    }),
    { numRuns: 100 },
  );
});

test('reports that are newer than all others of their vehicle are never looked up', async () => {
  const log = createTestLog();
  const ledger = await log.open();
  const sketch = { subject: 'V1', id: 'a', content: 0, isQuarantined: false };
  await ledger.judge([envelopeOf(1, [{ ...sketch, time: 1e12, isQuarantined: true }])]);
  for (let time = 0; time < 50; time += 1) await ledger.judge([envelopeOf(2 + time, [{ ...sketch, time }])]);
  expect(ledger.lookups).toBe(0);
  await ledger.judge([envelopeOf(100, [{ ...sketch, time: 7 }])]);
  expect(ledger.lookups).toBe(1);
});

test('after a restore of MongoDB with an older log, the same envelopes have the same fates', async () => {
  const log = createTestLog();
  const sketch = { subject: 'V1', time: 1, id: 'a', content: 0, isQuarantined: false };
  const envelopes = [1, 2, 3].map((sequence) =>
    envelopeOf(sequence, [
      { ...sketch, time: sequence },
      { ...sketch, content: sequence % 2 },
    ]),
  );
  const first = await log.open();
  const before = await first.judge(envelopes);
  log.append(before);
  await first.store();
  log.envelopes.splice(1);
  const again = await (await log.open()).judge(envelopes.slice(1));
  expect(again.map(({ fates }) => fates)).toEqual(before.slice(1).map(({ fates }) => fates));
});

test('a report that was judged as one part, and then as two when it was sent again, changes nothing', async () => {
  const log = createTestLog();
  const sketch = { subject: 'V1', time: 1, id: 'a', content: 0 };
  const whole = eventOf({ ...sketch, isQuarantined: true });
  const parts = [
    eventOf({ ...sketch, isQuarantined: false }),
    { ...eventOf({ ...sketch, isQuarantined: true }), part: 1 },
  ];
  const other = parts.map((event) => ({ ...event, contentHash: Buffer.alloc(16, 1) }));
  const ledger = await log.open();
  const judged = await ledger.judge([envelopeWith(1, [whole]), envelopeWith(2, parts)]);
  expect(kindsOf(judged)).toEqual([
    [0, 'duplicate'],
    [1, 'duplicate'],
  ]);
  const conflicts = [envelopeWith(3, other.slice(0, 1)), envelopeWith(4, other)];
  expect(kindsOf(await ledger.judge(conflicts))).toEqual([
    [0, 'conflict'],
    [0, 'duplicate'],
    [1, 'duplicate'],
  ]);
});

test('the log has one decision for each version of an aggregate, and each decision once under its id', async () => {
  const log = createTestLog();
  const decision = (id: string, aggregateVersion: number, content = 0): Event => ({
    ...eventOf({ subject: 'V1', time: 0, id, content, isQuarantined: false }),
    ...{ type: 'VehicleUpdated', observedAtMs: 0, aggregateVersion },
  });
  const first = await log.open();
  const won = await first.judge([envelopeWith(1, [decision('a', 1), decision('b', 1), decision('a', 1, 1)])]);
  expect(kindsOf(won)).toEqual([
    [1, 'superseded'],
    [2, 'duplicate'],
  ]);
  log.append(won);
  await first.store();
  // What was superseded does not hold its id: it is decided again, here by another owner.
  const again = await (await log.open()).judge([envelopeWith(2, [decision('b', 2), decision('c', 2)])]);
  expect(kindsOf(again)).toEqual([[1, 'superseded']]);
});
