import { partitionOf } from '@odograph/kernel/partition';
import type { LedgerEntry } from '@odograph/testing/ledger';
import { expect, test } from 'vitest';
import { checkLog } from './check-log.ts';
import type { LoggedEvent } from './logged-event.ts';
import { entryOf, loggedAs, VEHICLE } from './synthetic.fixture.ts';

const brokenBy = (entries: readonly LedgerEntry[], log: readonly LoggedEvent[], partitions = 1) => [
  ...new Set(checkLog(entries, log, partitions).map(({ rule }) => rule)),
];

const UNKNOWN = { told: 'nothing', toldAt: undefined, isFirstTry: false } as const;

test('a log that has what was acknowledged, once and in order, breaks no rule', () => {
  const entries = [
    entryOf('a', { firstSentAt: 1, toldAt: 3 }),
    entryOf('b', { firstSentAt: 2, toldAt: 4 }),
    entryOf('partly', { kind: 'partly-believable', firstSentAt: 5, toldAt: 6 }),
    entryOf('unbelievable', { kind: 'unbelievable', told: 'quarantined', firstSentAt: 7, toldAt: 8 }),
    entryOf('unreadable', { kind: 'unreadable', told: 'rejected', firstSentAt: 9, toldAt: 10 }),
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

test('what was acknowledged and is not there is lost', () => {
  expect(brokenBy([entryOf('a')], [])).toEqual(['what was acknowledged is in the log']);
});

test('a report of which a part is not there is lost', () => {
  const entries = [entryOf('a', { kind: 'partly-believable' })];
  expect(brokenBy(entries, [loggedAs('a', 1)])).toEqual(['what was acknowledged is in the log']);
});

test('a report under the key of another, with other content, does not stand for it', () => {
  const log = [loggedAs('a', 1, { contentHash: Buffer.from([1]) })];
  expect(brokenBy([entryOf('a')], log)).toEqual([
    'what was acknowledged is in the log',
    'the log has nothing but what was sent',
  ]);
});

test('what nobody was told anything of may be in the log, or not', () => {
  expect(brokenBy([entryOf('a', UNKNOWN), entryOf('b', UNKNOWN)], [loggedAs('b', 1)])).toEqual([]);
});

test('what is there twice is doubled, acknowledged or not', () => {
  const log = [loggedAs('a', 1), loggedAs('a', 2)];
  for (const entry of [entryOf('a'), entryOf('a', UNKNOWN)]) {
    expect(brokenBy([entry], log)).toEqual(['a report is in the log once']);
  }
});

test('what nobody sent is foreign', () => {
  expect(brokenBy([], [loggedAs('a', 1)])).toEqual(['the log has nothing but what was sent']);
});

test('an event of another kind than its report is foreign', () => {
  const log = [loggedAs('a', 1), loggedAs('a', 2, { type: 'TelemetryQuarantined', part: 1 })];
  expect(brokenBy([entryOf('a')], log)).toEqual(['the log has nothing but what was sent']);
});

test('a vehicle in another partition than its own is in the wrong place', () => {
  const other = 1 - partitionOf(VEHICLE, 2);
  expect(brokenBy([entryOf('a')], [loggedAs('a', 1, { partition: other })], 2)).toEqual([
    'a vehicle lives in one partition',
  ]);
});

test('a log that is not read in the order of its positions is out of order', () => {
  const entries = [entryOf('a', { firstSentAt: 3, toldAt: 4 }), entryOf('b', { firstSentAt: 1, toldAt: 2 })];
  expect(brokenBy(entries, [loggedAs('a', 2), loggedAs('b', 1)])).toEqual(['a partition is read in order']);
});

test('a report that was acknowledged before another was sent, and lies behind it, was overtaken', () => {
  const entries = [
    entryOf('first', { firstSentAt: 1, toldAt: 2, isFirstTry: false }),
    entryOf('second', { firstSentAt: 3, toldAt: 4, isFirstTry: false }),
  ];
  const log = [loggedAs('second', 1), loggedAs('first', 2)];
  expect(brokenBy(entries, log)).toEqual(['a vehicle’s reports keep their order']);
});

test('reports that were both taken when they were first sent lie in the order of their sending', () => {
  const entries = [
    entryOf('first', { firstSentAt: 1, toldAt: 4 }),
    entryOf('second', { firstSentAt: 2, toldAt: 3 }),
  ];
  const log = [loggedAs('second', 1), loggedAs('first', 2)];
  expect(brokenBy(entries, log)).toEqual(['a vehicle’s reports keep their order']);
});

test('a report that had to be sent again may lie behind one that was sent later', () => {
  const entries = [
    entryOf('first', { firstSentAt: 1, toldAt: 4, timesSent: 2, isFirstTry: false }),
    entryOf('second', { firstSentAt: 2, toldAt: 3 }),
  ];
  expect(brokenBy(entries, [loggedAs('second', 1), loggedAs('first', 2)])).toEqual([]);
});

test.each([
  ['unbelievable', 'accepted'],
  ['unreadable', 'accepted'],
  ['plain', 'quarantined'],
  ['plain', 'rejected'],
] as const)('a sender of a report that is %s is not told "%s"', (kind, told) => {
  expect(brokenBy([entryOf('a', { kind, told })], [])).toContain(
    'a sender is told what became of its report',
  );
});
