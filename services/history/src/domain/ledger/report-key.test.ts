import { expect, test } from 'vitest';
import { createKeyHash, type ReportKey, windowOf } from './report-key.ts';

const KEY: ReportKey = {
  subject: 'bus-1',
  observedAtMs: 1_700_000_000_123,
  reportId: '0190a5d8-6c2b-7d3e-9f10-3b1c5a7e9d42',
  part: 0,
};

/** Stored ledgers have these: if one changes, what the log has is not found any more. */
test.each<[string, Partial<ReportKey>, number]>([
  ['a report', {}, 0x646a682b],
  ['its quarantined part', { part: 1 }, 0x931464d3],
  ['a conflict, whose part has more than 32 bits', { part: 281_474_976_710_655 }, 0x746a4341],
  ['a report without a time', { observedAtMs: 0 }, 0x81de8273],
  ['an id that is not ASCII', { reportId: 'größe-€-😀' }, 0xadcf7aad],
  ['a long id', { reportId: 'x'.repeat(1_000) }, 0x53e11306],
])('the hash of a key does not change: %s', (_, key, expected) => {
  expect(createKeyHash([0x03020100, 0x07060504])({ ...KEY, ...key })).toBe(expected);
});

test('another secret gives other hashes', () => {
  expect(createKeyHash([1, 2])(KEY)).not.toBe(createKeyHash([1, 3])(KEY));
});

test.each([
  [1_700_000_000_123, 1_888_888],
  [1_700_100_000_000 - 1, 1_888_999],
  [1_700_100_000_000, 1_889_000],
  [1, 0],
  [0, -1],
  [-1, -1],
])('the window of a time does not change: %i', (observedAtMs, expected) => {
  expect(windowOf({ ...KEY, observedAtMs })).toBe(expected);
});
