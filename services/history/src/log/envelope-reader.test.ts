import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { encodeEnvelopeEntry, MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import { expect, test } from 'vitest';
import { readEnvelope, storedAtMsOf } from './envelope-reader.ts';

const NOW_NANOS = 1_795_627_701_935_000_000n;
const good = (reportId: string) =>
  Event.create({
    payload: Buffer.alloc(0),
    type: 'TelemetryReported',
    subject: 'V1',
    reportId,
    contentHash: Buffer.alloc(16),
  });

function messageOf(data: Uint8Array) {
  return { seq: 7, data, timestampNanos: NOW_NANOS };
}

test('the time of a message is the millisecond in which it was stored, also for the last nanoseconds of it', () => {
  const timestampNanos = 1_795_627_701_935_999_990n;
  expect(Math.floor(Number(timestampNanos) / 1e6), 'a double rounds up').toBe(1_795_627_701_936);
  expect(storedAtMsOf({ timestampNanos })).toBe(1_795_627_701_935);
});

test('events do not keep the buffer of the client alive, and are read from any offset in it', () => {
  const entries = Buffer.concat([good('a'), good('b')].map(encodeEnvelopeEntry));
  const read = Buffer.concat([Buffer.alloc(11, 0xff), entries, Buffer.alloc(5, 0xff)]);
  const { events, bytes } = readEnvelope(messageOf(read.subarray(11, 11 + entries.length)), 3);
  read.fill(0);
  expect(events.map(({ position, event }) => ({ position, event }))).toEqual([
    { position: { partition: 3, sequence: 7, index: 0 }, event: good('a') },
    { position: { partition: 3, sequence: 7, index: 1 }, event: good('b') },
  ]);
  expect(bytes).toBe(entries.length);
});

test('an event that cannot be a document becomes UndecodableReceived, and the other events are read', () => {
  const faulty = { ...good('faulty'), contentHash: Buffer.alloc(3) };
  const data = Buffer.concat([good('a'), faulty, good('b')].map(encodeEnvelopeEntry));
  const { events } = readEnvelope(messageOf(data), 3);
  expect(events.map(({ position: { index }, event }) => [index, event.type])).toEqual([
    [0, 'TelemetryReported'],
    [1, 'UndecodableReceived'],
    [2, 'TelemetryReported'],
  ]);
});

test('a message that is not an envelope, or has too many events, becomes one UndecodableReceived', () => {
  const long = Buffer.concat(
    Array.from({ length: MAX_ENVELOPE_EVENTS + 1 }, () => encodeEnvelopeEntry(good('a'))),
  );
  for (const data of [Buffer.from([0xff, 0xff]), long]) {
    const { events } = readEnvelope(messageOf(data), 3);
    expect(events.map(({ position, event }) => [position.index, event.type])).toEqual([
      [0, 'UndecodableReceived'],
    ]);
  }
});
