import {
  BatchAck,
  ReportOutcome,
  ReportResponse,
  type ReportResult,
  Finding as WireFinding,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import { KNOWN_SIGNAL_NAMES, KNOWN_SIGNALS } from '@odograph/kernel/signal';
import { expect, test } from 'vitest';
import { acceptReport } from '../domain/accept.ts';
import { RECEIVED_AT_MS } from '../domain/report.arbitrary.ts';
import type { IncomingReport } from '../domain/report.ts';
import { addAppended, batchRefusal, createResultMaker, type Judged, unavailable } from './results.ts';

const LIMITS = { maxSamples: 1_000, futureToleranceMs: 300_000 };
/** What gRPC clients accept in one message by default. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;
/** The size of one finding with its tag and length. */
const FINDING_MAX_BYTES = 300;

const finding = (description = ''): Finding => ({ field: 'f', reason: 'R', description });
const findings = (count: number) => Array.from({ length: count }, () => finding());
const batchOf = (...judged: readonly Judged[]): ReportResult[] => {
  const resultOf = createResultMaker();
  return judged.map((one) => resultOf(one));
};
const judged = (list: readonly Finding[], outcome: Judged['outcome'] = 'accepted', unlisted = 0): Judged => {
  return { outcome, findings: { listed: list, unlisted } };
};
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
const rejected = (count: number, list: readonly Finding[]) =>
  batchOf(...times(count, judged(list, 'rejected')));
const accepted = (list: readonly Finding[] = []) => batchOf(judged(list))[0] as ReportResult;
const position = { partition: 65_535, sequence: Number.MAX_SAFE_INTEGER, index: 499 };
const listed = (results: readonly ReportResult[]) => results.map((result) => result.findings.length);

test('the first finding of every report is listed, and a hundred further ones in all', () => {
  expect(listed(rejected(4, findings(41)))).toEqual([41, 41, 22, 2]);
});

test('the findings that are not listed are counted, also those that the report did not list', () => {
  const [, second] = batchOf(judged(findings(91)), judged(findings(91), 'rejected', 1_000));
  expect(second?.findings).toHaveLength(12);
  expect(second?.findings.at(-1)).toEqual({
    field: '',
    reason: 'MORE_FINDINGS',
    description: 'and 1080 more, too many for one answer',
  });
});

test('reports without findings do not raise the number for the others', () => {
  expect(listed(batchOf(...times(500, judged([])), judged(findings(1_000)))).at(-1)).toBe(102);
});

const full = new Fault('OVERLOADED', 'the stream is full', {
  retryAfterMs: 5_000,
  limit: 'bytes of the stream',
});
const away = new Fault('UNAVAILABLE', 'not confirmed', { retryAfterMs: 9_000 });

test('the message of the log is a finding, with the time to wait', () => {
  expect(unavailable(full)).toEqual({
    outcome: ReportOutcome.UNAVAILABLE,
    findings: [{ field: '', reason: 'OVERLOADED', description: 'the stream is full' }],
    retryAfterMs: 5_000,
  });
});

test('what was appended completes the results of the reports that were not rejected, in order', () => {
  const results = [accepted(), ...rejected(1, findings(1)), unavailable(full), accepted(), accepted()];
  const faults = addAppended(results, [position, away, position]);
  expect(faults).toEqual(new Map([[3, away]]));
  expect(results.map(({ outcome }) => outcome)).toEqual([
    ReportOutcome.ACCEPTED,
    ReportOutcome.REJECTED,
    ReportOutcome.UNAVAILABLE,
    ReportOutcome.UNAVAILABLE,
    ReportOutcome.ACCEPTED,
  ]);
  expect(results.map((result) => result.position)).toEqual([
    position,
    undefined,
    undefined,
    undefined,
    position,
  ]);
});

test('a fault of the log that a retry cannot help is thrown', () => {
  const fault = new Fault('TOO_LARGE', 'too large');
  expect(() => addAppended([accepted()], [fault])).toThrow(fault);
});

const inOrder = (...faults: readonly Fault[]) => new Map(faults.entries());

test('a batch of which one report was taken is never refused', () => {
  const results = [accepted(), unavailable(full), ...rejected(1, findings(1))];
  for (const failsIfAllAreRejected of [true, false]) {
    expect(batchRefusal(results, new Map([[1, full]]), failsIfAllAreRejected)).toBeUndefined();
  }
});

test.each([true, false])(
  'a batch that the log did not take is refused with the longest time to wait, also if %s',
  (failsIfAllAreRejected) => {
    const results = [unavailable(full), unavailable(away)];
    expect(batchRefusal(results, inOrder(full, away), failsIfAllAreRejected)).toMatchObject({
      code: 'OVERLOADED',
      limit: 'bytes of the stream',
      retryAfterMs: 9_000,
      findings: [],
    });
  },
);

test('a batch of rejected reports is refused only if the caller says so', () => {
  const results = rejected(2, findings(1));
  expect(batchRefusal(results, new Map(), false)).toBeUndefined();
  expect(batchRefusal(results, new Map(), true)).toMatchObject({
    code: 'INVALID_INPUT',
    findings: [{ field: 'reports[0].f' }, { field: 'reports[1].f' }],
  });
});

test('a batch that is partly rejected and otherwise unavailable is refused with both, if the caller says so', () => {
  const results = [...rejected(1, findings(1)), unavailable(away)];
  expect(batchRefusal(results, new Map([[results.length - 1, away]]), false)).toBeUndefined();
  expect(batchRefusal(results, new Map([[results.length - 1, away]]), true)).toMatchObject({
    code: 'UNAVAILABLE',
    retryAfterMs: 9_000,
    findings: [{ field: 'reports[0].f', reason: 'R' }],
  });
});

/** A sample with the most signals by the longest names. */
const ofOneTime = (value: boolean) => ({
  observedAtMs: RECEIVED_AT_MS,
  known: {},
  others: Array.from({ length: 64 }, (_, at) => ({ path: `Vehicle.${'X'.repeat(150)}${at + 10}`, value })),
});

/** Reports with every possible error, in texts that take the most bytes. */
function hostile(text: string): readonly IncomingReport[] {
  const numbers = (value: number) => Object.fromEntries(KNOWN_SIGNAL_NAMES.map((name) => [name, value]));
  const others = [undefined, Number.NaN, text].map((value) => ({ path: text, value }));
  const named = KNOWN_SIGNAL_NAMES.map((name) => ({ path: KNOWN_SIGNALS[name].vssPath, value: true }));
  const report = { vehicleId: text, reportId: text, vin: text };
  const malformed = {
    observedAtMs: 2 ** 60,
    clockText: text,
    known: numbers(-Infinity),
    others: [...others, ...named],
  };
  const empty = { observedAtMs: 0, known: {}, others: [] };
  const unbelievable = [0, 1, RECEIVED_AT_MS / 1_000, RECEIVED_AT_MS * 1_000].map((observedAtMs) => {
    return { observedAtMs, known: numbers(-Math.PI / 1e300), others: [] };
  });
  return [
    { ...report, samples: Array.from({ length: 1_001 }, () => malformed) },
    { ...report, samples: [empty] },
    { ...report, samples: [] },
    { vehicleId: 'v', reportId: 'r', vin: 'WVWZZZ1JZXW000001', samples: unbelievable },
    { vehicleId: 'v', reportId: 'r', samples: [true, false].map(ofOneTime) },
  ];
}

test.each(['\0', '\uffff', '\ud800', '😀', '"'])(
  'no finding of reports full of %j is too long',
  (character) => {
    const judgements = hostile(character.repeat(500)).map((one) => acceptReport(one, RECEIVED_AT_MS, LIMITS));
    const longest = judgements
      .flatMap((judgement) => judgement.findings.listed)
      .map((one) => WireFinding.encode(one).finish().length + 3);
    expect(
      new Set(judgements.flatMap(({ findings }) => findings.listed.map(({ reason }) => reason))).size,
    ).toBe(20);
    expect(Math.max(...longest)).toBeLessThanOrEqual(FINDING_MAX_BYTES);
  },
);

/** The longest possible finding. */
const LONGEST = finding('x'.repeat(FINDING_MAX_BYTES - 3 - 3 - 3 - 3));

test('the answer to the most reports that a message may hold, each with long findings, stays below the limit of clients', () => {
  const results = batchOf(...times(10_000, judged(times(20, LONGEST)))).map((one) => ({ ...one, position }));
  expect(ReportResponse.encode({ results }).finish().length).toBeLessThan(ANSWER_MAX_BYTES);
});

test('the acknowledgement of the most small batches that may be in progress stays below the limit of clients', () => {
  const results = batchOf(...times(78, judged(times(200, LONGEST)))).map((one) => ({ ...one, position }));
  const batches = Array.from({ length: 64 }, (_, at) => ({ number: Number.MAX_SAFE_INTEGER - at, results }));
  expect(BatchAck.encode({ through: 1, batches }).finish().length).toBeLessThan(ANSWER_MAX_BYTES);
});
