import { createHash } from 'node:crypto';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { eventsOf, type Fate } from '@odograph/event-log/committed-envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReadEnvelope } from './envelope-reader.ts';
import {
  createTestLog,
  DEATH,
  decisionOf,
  envelopeOf,
  garbageOf,
  MOVED,
  type ReportSketch,
  reportOf,
  START_MS,
  type TestLog,
} from './ledger.fixture.ts';
import type { JudgedEnvelope, Ledger } from './ledger.ts';

const HOUR_MS = 3_600_000;
/** The first sample of a report may have such a time and be quarantined, while another sample is believed. */
const FAR_AHEAD_MS = Date.UTC(2999, 0) - START_MS;

/** Reports of few vehicles, times, ids and contents, so that repetitions and conflicts are frequent. */
const anyReport: fc.Arbitrary<ReportSketch> = fc.record({
  subject: fc.constantFrom('V1', 'V1', 'V1', 'V2', 'V3'),
  time: fc.constantFrom(undefined, 0, HOUR_MS, 2 * HOUR_MS, FAR_AHEAD_MS),
  id: fc.constantFrom('a', 'b'),
  content: fc.nat(2),
});

/** The events of one report or decision. */
const anyEvents: fc.Arbitrary<readonly Event[]> = fc.oneof(
  { weight: 4, arbitrary: anyReport.map((sketch) => [reportOf(sketch)]) },
  { weight: 2, arbitrary: anyReport.map((sketch) => [reportOf(sketch, 'TelemetryQuarantined')]) },
  { weight: 2, arbitrary: anyReport.map((sketch) => inTwoParts(sketch)) },
  { weight: 1, arbitrary: anyReport.map((sketch) => [undecodable(reportOf(sketch))]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('V1', 'V2'), fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 3 }))
      .map(([subject, id, version]) => [decisionOf(subject, id, version)]),
  },
);

function inTwoParts(sketch: ReportSketch): readonly Event[] {
  return [reportOf(sketch), { ...reportOf(sketch, 'TelemetryQuarantined'), part: 1 }];
}

const undecodable = (event: Event): Event => ({ ...event, contentHash: Buffer.alloc(3) });

/** The events of an envelope, or the content of a message that is not an envelope. */
type Message = readonly Event[] | number;
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(anyEvents, { minLength: 1, maxLength: 4 }).map((reports) => reports.flat()),
  },
  { weight: 1, arbitrary: fc.nat(1) },
);

/**
 * What happens after a batch was judged: nothing, so that the next one is judged before this one is in the log; the ledger is
 * stored; or the owner dies, also with a store under way, and another one takes over.
 */
type Next = 'nothing' | 'store' | 'store while the next is judged' | 'die' | 'die while storing';

const anyCourse = fc.array(
  fc.record({
    batch: fc.array(anyMessage, { minLength: 1, maxLength: 3 }),
    /** How often the batch is sent: a vehicle repeats what was not acknowledged. */
    times: fc.integer({ min: 1, max: 2 }),
    next: fc.constantFrom<Next>(
      ...(['nothing', 'store', 'store while the next is judged', 'die', 'die while storing'] as const),
    ),
  }),
  { maxLength: 12 },
);

type Outcome = 'new' | Fate['kind'];

/** The fates by plain sets: what came first under a key holds it. Gives those of the events of a message. */
function createPlainJudge(): (message: Message) => readonly Outcome[] {
  const contents = new Map<string, Set<string>>();
  const seen = new Set<string>();
  const isFirst = (thing: string) => !seen.has(thing) && seen.add(thing) !== undefined;

  function judgeDecision({ subject, reportId, aggregateVersion }: Event): Outcome {
    if (seen.has(`decision ${subject} ${reportId}`)) return 'duplicate';
    if (!isFirst(`version ${subject} ${aggregateVersion}`)) return 'superseded';
    return isFirst(`decision ${subject} ${reportId}`) ? 'new' : 'duplicate';
  }

  function judgeReport({ subject, observedAtMs, reportId, part, contentHash }: Event): Outcome {
    const key = `${subject} ${observedAtMs} ${reportId} ${part}`;
    const content = Buffer.from(contentHash).toString('hex');
    const known = contents.get(key) ?? new Set();
    contents.set(key, known);
    if (known.has(content)) return 'duplicate';
    known.add(content);
    return known.size === 1 ? 'new' : 'conflict';
  }

  function judge(event: Event, before: Outcome | undefined): Outcome {
    if (event.contentHash.length !== 16)
      return isFirst(Buffer.from(Event.encode(event).finish()).toString('hex')) ? 'undecodable' : 'duplicate';
    if (event.aggregateVersion !== undefined) return judgeDecision(event);
    // The parts of a report that the log has are sent together.
    return event.part === 1 && before === 'duplicate' ? 'duplicate' : judgeReport(event);
  }

  return (message) => {
    if (typeof message === 'number') return [isFirst(`garbage ${message}`) ? 'unreadable' : 'duplicate'];
    const outcomes: Outcome[] = [];
    for (const event of message) outcomes.push(judge(event, outcomes.at(-1)));
    return outcomes;
  };
}

function sentAt(sequence: number, message: Message): ReadEnvelope {
  return typeof message === 'number' ? garbageOf(sequence, message) : envelopeOf(sequence, message);
}

const shown = ({ position, event }: StoredEvent) => ({ position, event });

function outcomesOf({ fates }: JudgedEnvelope, count: number): readonly Outcome[] {
  return Array.from({ length: count }, (_, at) => fates.find(({ index }) => index === at)?.kind ?? 'new');
}

const kindsOf = (judged: readonly JudgedEnvelope[]) =>
  judged.flatMap(({ fates }) => fates.map(({ index, kind }) => [index, kind]));

/** One owner after the other: each judges what the one before left. */
function createOwners(log: TestLog, writesBeforeDeath: number) {
  let ledger: Ledger | undefined;
  let storing: Promise<unknown> = Promise.resolve();
  /** The last batch: it was judged, and is not in the log yet. */
  let judged: readonly JudgedEnvelope[] = [];
  let batch: readonly ReadEnvelope[] = [];

  /** Again if the store of a former owner moves the checkpoint meanwhile. */
  async function openLedger(): Promise<Ledger> {
    try {
      return await log.open();
    } catch (error) {
      expect(error).toBe(MOVED);
      return await openLedger();
    }
  }

  async function judgeAgain(owner: Ledger): Promise<void> {
    const before = judged.map(({ fates }) => fates);
    judged = await owner.judge(batch);
    expect(judged.map(({ fates }) => fates)).toEqual(before);
  }

  function appendLast(): void {
    log.append(judged);
    [judged, batch] = [[], []];
  }

  /** Stores, as production does, once everything that was judged is in the log. */
  async function store(): Promise<void> {
    await storing;
    appendLast();
    const owner = ledger;
    storing = (owner?.store() ?? Promise.resolve()).catch((error: unknown) => {
      expect([DEATH, MOVED]).toContain(error);
      if (ledger === owner) ledger = undefined;
    });
  }

  return {
    async judge(next: readonly ReadEnvelope[]): Promise<readonly JudgedEnvelope[]> {
      if (ledger === undefined) {
        ledger = await openLedger();
        if (batch.length > 0) await judgeAgain(ledger);
      }
      const result = await ledger.judge(next);
      appendLast();
      [judged, batch] = [result, next];
      return result;
    },
    async next(next: Next): Promise<void> {
      if (next === 'die') ledger = undefined;
      if (next === 'store' || next === 'store while the next is judged') await store();
      if (next === 'store') await storing;
      if (next !== 'die while storing') return;
      log.diesAfter(writesBeforeDeath);
      await store();
      await storing;
      log.revive();
      ledger = undefined;
    },
    async end(): Promise<void> {
      await storing;
      appendLast();
    },
  };
}

/** The fates of envelopes that are judged one at a time, each when the log has all before it. */
function createOneByOne(options: Parameters<typeof createTestLog>[0]) {
  const log = createTestLog(options);
  const opened = log.open();
  return async (envelopes: readonly ReadEnvelope[]) => {
    const fates: (readonly Fate[])[] = [];
    for (const envelope of envelopes) {
      const judged = await (await opened).judge([envelope]);
      log.append(judged);
      fates.push(...judged.map((each) => each.fates));
    }
    return fates;
  };
}

const allHashesAre = (hash: number) => ({ hashOf: () => hash });

test.each([
  ['with their hashes', {}],
  ['all hashes are equal', allHashesAre(0xabcd1234)],
  ['the ledger is soon full, and remembers one subject', { maxSubjects: 1, maxKeys: 3 }],
])(
  'fates are those of plain sets, whenever the ledger is stored and whichever owner judges: %s',
  async (_, options) => {
    await fc.assert(
      fc.asyncProperty(anyCourse, fc.nat(12), async (course, writes) => {
        const log = createTestLog(options);
        const owners = createOwners(log, writes);
        const expected = createPlainJudge();
        const alone = createOneByOne(options);
        const wanted: Outcome[] = [];
        let sequence = 0;
        for (const { batch, times, next } of course) {
          const messages = Array.from({ length: times }, () => batch).flat();
          const sent = messages.map((message) => sentAt(++sequence, message));
          const judged = await owners.judge(sent);
          expect(judged.map(({ fates }) => fates)).toEqual(await alone(sent));
          const outcomes = messages.map(expected);
          expect(judged.map((envelope, at) => outcomesOf(envelope, outcomes[at]?.length ?? 0))).toEqual(
            outcomes,
          );
          // What the owner passes on is what everybody else makes of the bytes and the fates.
          for (const envelope of judged)
            expect(envelope.events.map(shown)).toEqual(eventsOf(envelope).map(shown));
          wanted.push(...outcomes.flat());
          await owners.next(next);
        }
        await owners.end();
        const types = log.envelopes.flatMap(eventsOf).map(({ event: { type } }) => type);
        expect(types.map((type) => type === 'TelemetryConflicted')).toEqual(
          wanted
            .filter((outcome) => outcome !== 'duplicate' && outcome !== 'superseded')
            .map((outcome) => outcome === 'conflict'),
        );
        for (const { fates } of log.envelopes)
          expect(fates).toEqual(fates.toSorted((a, b) => a.index - b.index));
      }),
      { numRuns: 200 },
    );
  },
);

const REPORT: ReportSketch = { subject: 'V1', time: 1, id: 'a', content: 0 };

test('reports that are newer than all others of their vehicle are never looked up', async () => {
  const ledger = await createTestLog().open();
  const ahead = { ...REPORT, time: FAR_AHEAD_MS };
  await ledger.judge([
    envelopeOf(1, [reportOf(ahead, 'TelemetryQuarantined')]),
    // Its first sample is quarantined, another one is believed.
    envelopeOf(2, [reportOf({ ...ahead, id: 'b' }), { ...reportOf(ahead, 'TelemetryQuarantined'), part: 1 }]),
  ]);
  const before = ledger.lookups;
  for (let time = 0; time < 50; time += 1)
    await ledger.judge([envelopeOf(3 + time, [reportOf({ ...REPORT, time })])]);
  expect(ledger.lookups - before).toBe(0);
  await ledger.judge([envelopeOf(100, [reportOf({ ...REPORT, time: 7 })])]);
  expect(ledger.lookups - before).toBe(1);
});

test('a hundred thousand reports at one time are judged without looking through all of them', async () => {
  const log = createTestLog();
  const ledger = await log.open();
  const reports = (from: number) =>
    Array.from({ length: 2_000 }, (_, at) => reportOf({ ...REPORT, id: `report ${from + at}` }));
  for (let sequence = 1; sequence <= 50; sequence += 1) {
    const judged = await ledger.judge([envelopeOf(sequence, reports(sequence * 2_000))]);
    expect(kindsOf(judged)).toEqual([]);
    log.append(judged);
  }
  const again = await ledger.judge([envelopeOf(51, reports(14_000))]);
  expect(again[0]?.fates).toHaveLength(2_000);
}, 15_000);

/** Reports or decisions of any number. Each is another one, or has another content. */
type Flood = (at: number) => Event;

const contentOf = (at: number) => createHash('sha256').update(`${at}`).digest().subarray(0, 16);
const conflictAt: Flood = (at) => ({ ...reportOf(REPORT), contentHash: contentOf(at) });

/**
 * What costs the log reads if it is sent twice, the fates of the second time, and how many envelopes are read twice then: under
 * the keys of the events, and under their other keys.
 */
const FLOODS: readonly [string, Flood, Flood, Fate['kind'], number][] = [
  ['conflicts of one key', conflictAt, conflictAt, 'duplicate', 1],
  [
    'reports at one time',
    (at) => reportOf({ ...REPORT, id: `${at}` }),
    (at) => reportOf({ ...REPORT, id: `${at}` }),
    'duplicate',
    0,
  ],
  [
    'reports at many times, and then others under the same keys',
    (at) => reportOf({ ...REPORT, time: at * HOUR_MS }),
    (at) => reportOf({ ...REPORT, time: at * HOUR_MS, content: 1 }),
    'conflict',
    0,
  ],
  [
    'decisions, and then others with the same versions',
    (at) => decisionOf('V1', `first ${at}`, at + 1),
    (at) => decisionOf('V1', `second ${at}`, at + 1),
    'superseded',
    0,
  ],
];

describe.each(FLOODS)('%s', (_, first, second, kind, twice) => {
  test.each([
    [60, 1],
    [600, 1],
    [600, 20],
    [2_000, 1],
    [2_000, 100],
  ])('%i of them in %i envelopes are judged with few reads of the log', async (count, spread) => {
    const log = createTestLog();
    const each = count / spread;
    for (let sequence = 1; sequence <= spread; sequence += 1) {
      const events = Array.from({ length: each }, (_, at) => first((sequence - 1) * each + at));
      log.append(await (await log.open()).judge([envelopeOf(sequence, events)]));
    }
    const owner = await log.open();
    await owner.store();
    const before = { ...log.reads };

    const judged = await owner.judge([
      envelopeOf(
        spread + 1,
        Array.from({ length: count }, (_, at) => second(at)),
      ),
    ]);

    expect(new Set(judged[0]?.fates.map((fate) => fate.kind))).toEqual(new Set([kind]));
    expect(judged[0]?.fates).toHaveLength(count);
    expect(log.reads.envelopes - before.envelopes).toBe(spread + twice);
    expect(log.reads.queries - before.queries).toBe(Math.ceil(spread / 16) + twice);
    // A hundred buckets with one query, and one level of buckets after the other: here a bucket has only three keys.
    expect(log.reads.buckets - before.buckets).toBeLessThanOrEqual(9 * Math.ceil(count / 100));
    expect(log.reads.times - before.times).toBe(0);
  });
});

test('what is not stored is bounded when a new owner reads a long log, and a stop does not wait for it', async () => {
  const log = createTestLog({ maxKeys: 10 });
  const first = await log.open();
  for (let sequence = 1; sequence <= 30; sequence += 1)
    log.append(
      await first.judge([
        envelopeOf(
          sequence,
          [0, 1, 2].map((at) => reportOf({ ...REPORT, id: `${sequence}/${at}` })),
        ),
      ]),
    );
  expect(log.checkpoint()).toBe(0);
  const reason = new Error('stopped');
  await expect(log.open(AbortSignal.abort(reason))).rejects.toThrow(reason);

  const second = await log.open();

  expect(log.checkpoint()).toBeGreaterThan(20);
  expect(second.through).toBe(30);
  expect(kindsOf(await second.judge([envelopeOf(31, [reportOf({ ...REPORT, id: '17/1' })])]))).toEqual([
    [0, 'duplicate'],
  ]);
});

test('a subject that was idle for long is not forgotten while its report is judged', async () => {
  const log = createTestLog({ maxSubjects: 1 });
  const ledger = await log.open();
  let sequence = 0;
  const judge = (sketch: Partial<ReportSketch>) =>
    ledger.judge([envelopeOf(++sequence, [reportOf({ ...REPORT, ...sketch })])]);
  log.append(await judge({}));
  for (let time = 0; time < 4; time += 1) {
    log.append(await judge({ subject: 'V2', time }));
    await ledger.store();
  }
  log.append(await judge({ subject: 'V2', time: 9 }));
  const storing = ledger.store();
  const judging = judge({});
  await storing;
  expect(kindsOf(await judging)).toEqual([[0, 'duplicate']]);
});

test.each([
  ['its newest time', []],
  ['times ahead of it', [31_536_000_000]],
])('of an idle subject, %s is remembered', async (_, ahead) => {
  const log = createTestLog();
  const ledger = await log.open();
  const judge = async (subject: string, times: readonly number[]) => {
    const events = times.map((time) => reportOf({ ...REPORT, subject, time }));
    const judged = await ledger.judge([envelopeOf(ledger.through + 1, events)]);
    log.append(judged);
    return kindsOf(judged);
  };
  await judge('V1', [5, ...ahead]);
  for (let time = 0; time < 6; time += 1) {
    await judge('V2', [time]);
    await ledger.store();
  }
  const [{ times }, { lookups }] = [{ ...log.reads }, ledger];
  expect(await judge('V1', [5, ...ahead, 6])).toEqual([5, ...ahead].map((_, index) => [index, 'duplicate']));
  expect(ledger.lookups - lookups).toBe(1 + ahead.length);
  expect(log.reads.times).toBe(times);
});

test('after a restore of MongoDB with an older log, the same envelopes have the same fates', async () => {
  const log = createTestLog();
  const envelopes = [1, 2, 3].map((sequence) =>
    envelopeOf(sequence, [
      reportOf({ ...REPORT, time: sequence }),
      reportOf({ ...REPORT, content: sequence % 2 }),
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

test('after a restore of a log that is older than parts of its ledger, other reports at the same sequences are known', async () => {
  const log = createTestLog();
  const at = (sequence: number, time: number) => envelopeOf(sequence, [reportOf({ ...REPORT, time })]);
  const first = await log.open();
  log.append(await first.judge([at(1, 1), at(2, 2), at(3, 3)]));
  await first.store();
  log.envelopes.splice(1);
  log.setCheckpoint(1);

  const second = await log.open();
  log.append(await second.judge([at(2, 50)]));
  await second.store();

  expect(kindsOf(await (await log.open()).judge([at(3, 50)]))).toEqual([[0, 'duplicate']]);
});

test('a report that was judged as one part, and then as two when it was sent again, changes nothing', async () => {
  const whole = reportOf(REPORT, 'TelemetryQuarantined');
  const parts = inTwoParts(REPORT);
  const other = inTwoParts({ ...REPORT, content: 1 });
  const ledger = await createTestLog().open();
  const judged = await ledger.judge([envelopeOf(1, [whole]), envelopeOf(2, parts)]);
  expect(kindsOf(judged)).toEqual([
    [0, 'duplicate'],
    [1, 'duplicate'],
  ]);
  const conflicts = [envelopeOf(3, other.slice(0, 1)), envelopeOf(4, other)];
  expect(kindsOf(await ledger.judge(conflicts))).toEqual([
    [0, 'conflict'],
    [0, 'duplicate'],
    [1, 'duplicate'],
  ]);
});

test('the log has one decision for each version of an aggregate, and each decision once under its id', async () => {
  const log = createTestLog();
  const first = await log.open();
  const won = await first.judge([
    envelopeOf(1, [decisionOf('V1', 'a', 1), decisionOf('V1', 'b', 1), decisionOf('V1', 'a', 1, 1)]),
  ]);
  expect(kindsOf(won)).toEqual([
    [1, 'superseded'],
    [2, 'duplicate'],
  ]);
  log.append(won);
  await first.store();
  // What was superseded does not hold its id: it is decided again, here by another owner.
  const again = await (await log.open()).judge([
    envelopeOf(2, [decisionOf('V1', 'b', 2), decisionOf('V1', 'c', 2)]),
  ]);
  expect(kindsOf(again)).toEqual([[1, 'superseded']]);
});

test('a report without a time and a decision with the same id are not the same event', async () => {
  const ledger = await createTestLog().open();
  const timeless = reportOf({ ...REPORT, time: undefined, id: 'x', content: 1 });
  const judged = await ledger.judge([
    envelopeOf(1, [timeless, decisionOf('V1', 'x', 1)]),
    envelopeOf(2, [decisionOf('V2', 'x', 1), { ...timeless, subject: 'V2' }]),
    envelopeOf(3, [timeless, decisionOf('V1', 'x', 1)]),
  ]);
  expect(kindsOf(judged)).toEqual([
    [0, 'duplicate'],
    [1, 'duplicate'],
  ]);
});
