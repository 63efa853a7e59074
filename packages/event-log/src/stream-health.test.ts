import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { expect, test } from 'vitest';
import type { Broadcast } from './broadcast.ts';
import { StreamHealth } from './stream-health.ts';

const NOW_MS = 100_000;
const STREAM = { createdAtMs: 1, lastSequence: 10, filledRatio: 0.4 };

const broadcast = (over: Partial<Broadcast> = {}): Broadcast => ({
  partition: 0,
  state: PartitionState.RUNNING,
  streamCreatedAtMs: STREAM.createdAtMs,
  watermark: 8,
  ...over,
});

/** A partition whose stream was seen after history's broadcast. */
function open(over: Partial<Broadcast> = {}, stream = STREAM): StreamHealth {
  const health = new StreamHealth();
  health.heard(broadcast(over), NOW_MS);
  health.seen(stream, health.watermark(NOW_MS), NOW_MS);
  return health;
}

test('a partition without a stream is closed, and so is one whose stream goes missing', () => {
  const health = new StreamHealth();
  expect(health.closedBecause()).toBe('its stream is missing');
  health.seen(STREAM, 0, NOW_MS);
  expect(health.closedBecause()).toBeUndefined();
  health.missing(NOW_MS);
  expect(health.closedBecause()).toBe('its stream is missing');
});

test.each([
  ['history has halted it', { state: PartitionState.HALTED }],
  ['its stream is not the one that the log knows', { streamCreatedAtMs: 2 }],
  ['its stream ends below the log and waits for repair', { watermark: 11 }],
])('a partition is closed because %s', (reason, over) => {
  expect(open().closedBecause()).toBeUndefined();
  expect(open(over).closedBecause()).toBe(reason);
});

test('a watermark above the stream closes the partition until the next broadcast, in case the stream was cut', () => {
  const health = open({ watermark: 1_000_000 });
  expect(health.closedBecause()).toBe('its stream ends below the log and waits for repair');
  health.heard(broadcast(), NOW_MS + 1_000);
  health.seen(STREAM, health.watermark(NOW_MS + 1_000), NOW_MS + 1_000);
  expect(health.closedBecause()).toBeUndefined();
});

test('a broadcast counts for 30 seconds: without history the stream is the buffer', () => {
  const health = open({ state: PartitionState.HALTED, freeDiskRatio: 0.05 });
  health.seen(STREAM, health.watermark(NOW_MS + 30_000), NOW_MS + 30_000);
  expect(health.closedBecause()).toBe('history has halted it');
  expect(health.watermark(NOW_MS + 30_001)).toBe(0);
  expect(health.closedBecause()).toBeUndefined();
  expect(health.room.freeDiskRatio).toBeUndefined();
});

test('an acknowledgement that goes backwards closes the partition until history has checked the stream', () => {
  const health = open();
  expect(health.acknowledged(11, NOW_MS)).toBe(true);
  expect(health.acknowledged(11, NOW_MS)).toBe(false);
  health.seen(STREAM, 0, NOW_MS + 3_000);
  expect(health.closedBecause()).toBe('its stream went backwards and waits for repair');
  health.seen(STREAM, 0, NOW_MS + 3_001);
  expect(health.closedBecause()).toBeUndefined();
  expect(health.acknowledged(5, NOW_MS)).toBe(true);
});

test('a stream that went backwards stays closed while history calls another stream its own', () => {
  const health = open({ streamCreatedAtMs: 2 });
  health.acknowledged(11, NOW_MS);
  health.acknowledged(3, NOW_MS);
  health.seen(STREAM, 0, NOW_MS + 10_000);
  expect(health.closedBecause()).toBe('its stream went backwards and waits for repair');
});

test('a new stream begins again with its sequences', () => {
  const health = open();
  health.acknowledged(1_000, NOW_MS);
  health.seen({ ...STREAM, createdAtMs: 2 }, 0, NOW_MS);
  expect(health.acknowledged(1, NOW_MS)).toBe(true);
});

test('JetStream counts as silent from the question that it left open, until it answers anything', () => {
  const health = open();
  health.notSeen('JetStream does not answer', NOW_MS + 1_000);
  health.notSeen('JetStream refuses', NOW_MS + 7_000);
  expect(health.silence).toEqual({ reason: 'JetStream refuses', sinceMs: NOW_MS + 1_000 });
  health.acknowledged(11, NOW_MS + 8_000);
  expect(health.silence).toBeUndefined();
  health.notSeen('JetStream does not answer', NOW_MS + 7_500);
  expect(health.silence).toBeUndefined();
  health.notSeen('JetStream does not answer', NOW_MS + 9_000);
  health.seen(STREAM, 0, NOW_MS + 10_000);
  expect(health.silence).toBeUndefined();
});

test('the room is that of the stream and of the log’s disk', () => {
  expect(new StreamHealth().room).toEqual({ filledRatio: undefined, freeDiskRatio: undefined });
  expect(open({ freeDiskRatio: 0.3 }).room).toEqual({ filledRatio: 0.4, freeDiskRatio: 0.3 });
});
