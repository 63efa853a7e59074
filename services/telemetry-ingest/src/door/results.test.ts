import {
  BatchAck,
  ReportResponse,
  Finding as WireFinding,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import { KNOWN_SIGNAL_NAMES, KNOWN_SIGNALS } from '@odograph/kernel/signal';
import { expect, test } from 'vitest';
import { acceptReport } from '../domain/accept.ts';
import { RECEIVED_AT_MS } from '../domain/report.arbitrary.ts';
import type { IncomingReport } from '../domain/report.ts';
import { toResults } from './results.ts';
import type { Answer } from './take-reports.ts';

const LIMITS = { maxSamples: 1_000, futureToleranceMs: 300_000 };
/** What gRPC clients take in one message unless told otherwise. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;
/** Of one finding, with its own tag and length. */
const FINDING_MAX_BYTES = 300;

const finding = (description = ''): Finding => ({ field: 'f', reason: 'R', description });
const findings = (count: number) => Array.from({ length: count }, () => finding());
const rejected = (count: number, list: readonly Finding[]): Answer[] =>
  Array.from({ length: count }, () => ({ outcome: 'rejected', findings: list }));
const position = { partition: 65_535, sequence: Number.MAX_SAFE_INTEGER, index: 499 };
const told = (answers: readonly Answer[]) => toResults(answers).map((result) => result.findings.length);

test('the first finding of every report is told, and a hundred further ones in all', () => {
  expect(told(rejected(4, findings(41)))).toEqual([41, 41, 22, 2]);
});

test('the findings that are not told are counted', () => {
  const [, second] = toResults(rejected(2, findings(91)));
  expect(second?.findings).toHaveLength(12);
  expect(second?.findings.at(-1)).toEqual({
    field: '',
    reason: 'MORE_FINDINGS',
    description: 'and 80 more, too many for one answer',
  });
});

test('reports without findings leave others no more to tell', () => {
  const sound: Answer[] = Array.from({ length: 500 }, () => ({
    outcome: 'accepted',
    position,
    findings: [],
  }));
  expect(told([...sound, ...rejected(1, findings(1_000))]).at(-1)).toBe(102);
});

test('the log’s own words are a finding, with the time to wait', () => {
  const fault = new Fault('OVERLOADED', 'the stream is full', { retryAfterMs: 5_000 });
  expect(toResults([{ outcome: 'unavailable', fault }])).toMatchObject([
    {
      findings: [{ field: '', reason: 'OVERLOADED', description: 'the stream is full' }],
      retryAfterMs: 5_000,
    },
  ]);
});

/** Reports with everything wrong that can be, in words that take the most room. */
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
  const doubted = [0, 1, RECEIVED_AT_MS / 1_000, RECEIVED_AT_MS * 1_000].map((observedAtMs) => {
    return { observedAtMs, known: numbers(-Math.PI / 1e300), others: [] };
  });
  return [
    { ...report, samples: Array.from({ length: 1_001 }, () => malformed) },
    { ...report, samples: [empty] },
    { ...report, samples: [] },
    { vehicleId: 'v', reportId: 'r', vin: 'WVWZZZ1JZXW000001', samples: doubted },
  ];
}

test.each(['\0', '\uffff', '\ud800', '😀', '"'])(
  'no finding of reports full of %j is too long',
  (character) => {
    const verdicts = hostile(character.repeat(500)).map((one) => acceptReport(one, RECEIVED_AT_MS, LIMITS));
    const longest = verdicts
      .flatMap((verdict) => verdict.findings)
      .map((one) => WireFinding.encode(one).finish().length + 3);
    expect(new Set(verdicts.flatMap(({ findings }) => findings.map(({ reason }) => reason))).size).toBe(17);
    expect(Math.max(...longest)).toBeLessThanOrEqual(FINDING_MAX_BYTES);
  },
);

/** As long as a finding gets. */
const LONGEST = finding('x'.repeat(FINDING_MAX_BYTES - 3 - 3 - 3 - 3));

test('the answer to as many reports as a message may hold, each with long findings, is one that clients take', () => {
  const taken = {
    outcome: 'accepted',
    position,
    findings: Array.from({ length: 20 }, () => LONGEST),
  } as const;
  const results = toResults(Array.from({ length: 10_000 }, () => taken));
  expect(ReportResponse.encode({ results }).finish().length).toBeLessThan(ANSWER_MAX_BYTES);
});

test('so is the acknowledgement of as many small batches as may be under way', () => {
  const taken = {
    outcome: 'accepted',
    position,
    findings: Array.from({ length: 200 }, () => LONGEST),
  } as const;
  const results = toResults(Array.from({ length: 78 }, () => taken));
  const batches = Array.from({ length: 64 }, (_, at) => ({ number: Number.MAX_SAFE_INTEGER - at, results }));
  expect(BatchAck.encode({ through: 1, batches }).finish().length).toBeLessThan(ANSWER_MAX_BYTES);
});
