import { LogBroadcast, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Broadcast, decodeBroadcast, encodeBroadcast } from './broadcast.ts';

const PARTITION = 1;
const BROADCAST = {
  ...{ partition: PARTITION, watermark: 7, state: PartitionState.RUNNING },
  ...{ streamCreatedAtMs: 1_700_000_000_000, freeDiskRatio: 0.25 },
};

const anyBroadcast: fc.Arbitrary<Broadcast> = fc.record({
  partition: fc.constant(PARTITION),
  watermark: fc.maxSafeNat(),
  state: fc.constantFrom(PartitionState.RUNNING, PartitionState.HALTED),
  streamCreatedAtMs: fc.nat({ max: 8.64e15 }),
  freeDiskRatio: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
});

test('a broadcast is the same after decoding', () => {
  fc.assert(
    fc.property(anyBroadcast, (broadcast) => {
      expect(decodeBroadcast(encodeBroadcast(broadcast), PARTITION)).toEqual(broadcast);
    }),
  );
});

const forged = (fields: Partial<LogBroadcast>) =>
  LogBroadcast.encode(LogBroadcast.create({ ...BROADCAST, ...fields })).finish();

test.each<[what: string, fields: Partial<LogBroadcast>]>([
  ['another partition than its subject', { partition: 0 }],
  ['a creation time that no clock has', { streamCreatedAtMs: 8.65e15 }],
  ['a creation time below zero', { streamCreatedAtMs: -1 }],
  ['more free disk than there is', { freeDiskRatio: 1.5 }],
  ['a free disk of NaN', { freeDiskRatio: Number.NaN }],
])('a broadcast with %s is none', (_, fields) => {
  expect(() => decodeBroadcast(forged({}), PARTITION)).not.toThrow();
  expect(() => decodeBroadcast(forged(fields), PARTITION)).toThrow(/broadcast/);
});

test('a watermark that no sequence can have is none', () => {
  // Field 2 with 2^64 - 1.
  const bytes = Buffer.concat([forged({}), Buffer.of(0x10, ...Array(9).fill(0xff), 0x01)]);
  expect(() => decodeBroadcast(bytes, PARTITION)).toThrow();
});

/** Field 3, which an earlier version had, with content of a length. */
const withField3 = (length: number) =>
  Buffer.concat([forged({}), Buffer.of(0x1a, length), Buffer.alloc(length)]);

test('fields that a broadcast does not have are left out, and more bytes than it has are none', () => {
  expect(decodeBroadcast(withField3(100), PARTITION)).toEqual(BROADCAST);
  const large = Buffer.concat([withField3(120), withField3(120)]);
  expect(() => decodeBroadcast(large, PARTITION)).toThrow(/broadcast of \d+ bytes/);
});

test('a state that this program does not know is unspecified', () => {
  expect(decodeBroadcast(forged({ state: 99 as PartitionState }), PARTITION)).toEqual({
    ...BROADCAST,
    state: PartitionState.UNSPECIFIED,
  });
});
