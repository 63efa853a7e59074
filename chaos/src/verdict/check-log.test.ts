import { partitionOf } from '@odograph/kernel/partition';
import type { LedgerEntry } from '@odograph/testing/ledger';
import { expect, test } from 'vitest';
import type { LoggedEvent } from '../client/logged-event.ts';
import { checkLog } from './check-log.ts';
import { entryOf, loggedAs, VEHICLE } from './synthetic.fixture.ts';

const brokenBy = (entries: readonly LedgerEntry[], log: readonly LoggedEvent[], partitions = 1) => [
  ...new Set(checkLog(entries, log, { partitionCount: partitions }).map(({ rule }) => rule)),
];

const UNKNOWN = { outcome: 'unknown', answeredAt: undefined, isFirstTry: false } as const;

test('a log with every acknowledged report, once and in order, breaks no rule', () => {
  const entries = [
    entryOf('a', { firstSentAt: 1, answeredAt: 3 }),
    entryOf('b', { firstSentAt: 2, answeredAt: 4 }),
    entryOf('partly', { kind: 'partly-believable', firstSentAt: 5, answeredAt: 6 }),
    entryOf('unbelievable', { kind: 'unbelievable', outcome: 'quarantined', firstSentAt: 7, answeredAt: 8 }),
    entryOf('unreadable', { kind: 'unreadable', outcome: 'rejected', firstSentAt: 9, answeredAt: 10 }),
  ];
  const log = [
    loggedAs('a', 1),
    loggedAs('b', 2),
    loggedAs('partly', 3),
    loggedAs('partly', 4, { type: 'TelemetryQuarantined', part: 1 }),
    loggedAs('unbelievable', 5, { type: 'TelemetryQuarantined' }),
  ];
  expect(brokenBy(entries, log)).toEqual([]);
});

test('an acknowledged report that is missing is lost', () => {
  expect(brokenBy([entryOf('a')], [])).toEqual(['every acknowledged report is in the log']);
});

test('a report with a missing part is lost', () => {
  const entries = [entryOf('a', { kind: 'partly-believable' })];
  expect(brokenBy(entries, [loggedAs('a', 1)])).toEqual(['every acknowledged report is in the log']);
});

test('a report with the key of another and different content does not replace it', () => {
  const log = [loggedAs('a', 1, { contentHash: Buffer.from([1]) })];
  expect(brokenBy([entryOf('a')], log)).toEqual([
    'every acknowledged report is in the log',
    'the log has only reports that were sent',
  ]);
});

test('a report without an answer may be in the log or not', () => {
  expect(brokenBy([entryOf('a', UNKNOWN), entryOf('b', UNKNOWN)], [loggedAs('b', 1)])).toEqual([]);
});

test('a report that is there twice is a duplicate, acknowledged or not', () => {
  const log = [loggedAs('a', 1), loggedAs('a', 2)];
  for (const entry of [entryOf('a'), entryOf('a', UNKNOWN)]) {
    expect(brokenBy([entry], log)).toEqual(['a report is in the log once']);
  }
});

test('a report that was not sent is foreign', () => {
  expect(brokenBy([], [loggedAs('a', 1)])).toEqual(['the log has only reports that were sent']);
});

test('an event of a type that its report does not have is foreign', () => {
  const log = [loggedAs('a', 1), loggedAs('a', 2, { type: 'TelemetryQuarantined', part: 1 })];
  expect(brokenBy([entryOf('a')], log)).toEqual(['the log has only reports that were sent']);
});

test('a vehicle must be in its own partition', () => {
  const other = 1 - partitionOf(VEHICLE, 2);
  expect(brokenBy([entryOf('a')], [loggedAs('a', 1, { partition: other })], 2)).toEqual([
    'a vehicle is in one partition',
  ]);
});

test('a log must be read in the order of its positions', () => {
  const entries = [
    entryOf('a', { firstSentAt: 3, answeredAt: 4 }),
    entryOf('b', { firstSentAt: 1, answeredAt: 2 }),
  ];
  expect(brokenBy(entries, [loggedAs('a', 2), loggedAs('b', 1)])).toEqual(['a partition is read in order']);
});

test('a report that was acknowledged before another was sent must not be behind it', () => {
  const entries = [
    entryOf('first', { firstSentAt: 1, answeredAt: 2, isFirstTry: false }),
    entryOf('second', { firstSentAt: 3, answeredAt: 4, isFirstTry: false }),
  ];
  const log = [loggedAs('second', 1), loggedAs('first', 2)];
  expect(brokenBy(entries, log)).toEqual(['the reports of a vehicle keep their order']);
});

test('reports that were both acknowledged at the first attempt have the order of these attempts', () => {
  const entries = [
    entryOf('first', { firstSentAt: 1, answeredAt: 4 }),
    entryOf('second', { firstSentAt: 2, answeredAt: 3 }),
  ];
  const log = [loggedAs('second', 1), loggedAs('first', 2)];
  expect(brokenBy(entries, log)).toEqual(['the reports of a vehicle keep their order']);
});

test('a report that was sent again may be behind one that was sent later', () => {
  const entries = [
    entryOf('first', { firstSentAt: 1, answeredAt: 4, timesSent: 2, isFirstTry: false }),
    entryOf('second', { firstSentAt: 2, answeredAt: 3 }),
  ];
  expect(brokenBy(entries, [loggedAs('second', 1), loggedAs('first', 2)])).toEqual([]);
});

test.each([
  ['unbelievable', 'accepted'],
  ['unreadable', 'accepted'],
  ['plain', 'quarantined'],
  ['plain', 'rejected'],
] as const)('the outcome of a report of kind "%s" is not "%s"', (kind, outcome) => {
  expect(brokenBy([entryOf('a', { kind, outcome })], [])).toContain(
    'a sender gets the right outcome of its report',
  );
});

test('reports that a scenario destroyed may be missing, others not', () => {
  const entry = (identity: string, sequence: number) => ({
    ...entryOf(identity, { firstSentAt: 1, answeredAt: 2 }),
    position: { partition: 0, sequence },
  });
  const brokenWith = (entries: readonly LedgerEntry[]) =>
    checkLog(entries, [], { partitionCount: 1, destroyedAbove: [{ partition: 0, sequence: 12 }] });
  expect(brokenWith([entry('destroyed', 13)])).toEqual([]);
  expect(brokenWith([entry('logged', 12), entry('after the repair', 1_000_013)])).toHaveLength(2);
});
