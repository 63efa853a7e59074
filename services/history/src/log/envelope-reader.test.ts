import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import { expect, test } from 'vitest';
import { shiftBatch, storedAtMsOf } from './envelope-reader.ts';

const SOURCE = { partition: 0, setAside: [] };
const EVENT = { type: 'T', subject: 'bus-1', contentHash: Buffer.alloc(16) };

/** Messages that have arrived: each has one event, whose payload of equal bytes takes little room packed. */
function arrived(payloadBytes: readonly number[]) {
  return payloadBytes.map((length, at) => {
    const event = Event.create({ ...EVENT, reportId: `r${at}`, payload: Buffer.alloc(length) });
    const message = { seq: at + 1, data: packEnvelope([encodeEnvelopeEntry(event)]), timestampNanos: 0n };
    return { message, envelope: undefined };
  });
}

test('a batch has at most 4 MiB of events, however small their messages are', () => {
  const queue = arrived(Array(40).fill(512 * 1024));
  expect(queue.reduce((sum, { message }) => sum + message.data.length, 0)).toBeLessThan(20_000);
  expect(shiftBatch(queue, SOURCE)).toHaveLength(7);
  expect(queue).toHaveLength(33);
});

test('a batch ends before a message of a form that only a newer program knows', () => {
  const [first, second] = arrived([1, 1]);
  const unknown = { message: { seq: 2, data: Buffer.of(0xd0, 3), timestampNanos: 0n }, envelope: undefined };
  const queue = [first, unknown, second].filter((each) => each !== undefined);
  expect(shiftBatch(queue, SOURCE).map(({ sequence }) => sequence)).toEqual([1]);
  expect(() => shiftBatch(queue, SOURCE)).toThrow(/message 2 of EVENTS-0: .* form 3/);
  expect(queue).toHaveLength(2);
});

test('the time of a message is the millisecond in which it was stored, also for the last nanoseconds of it', () => {
  const timestampNanos = 1_795_627_701_935_999_990n;
  expect(Math.floor(Number(timestampNanos) / 1e6), 'a double rounds up').toBe(1_795_627_701_936);
  expect(storedAtMsOf({ timestampNanos })).toBe(1_795_627_701_935);
});
