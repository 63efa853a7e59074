import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEvent } from './event-bytes.ts';

const anyNumber = fc.oneof(fc.nat(), fc.maxSafeInteger());
const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const anyEvent: fc.Arbitrary<Event> = fc.record({
  type: fc.string(),
  version: fc.nat(),
  subject: fc.string({ unit: 'grapheme' }),
  observedAtMs: anyNumber,
  reportId: fc.string(),
  part: anyNumber,
  receivedAtMs: anyNumber,
  contentHash: anyBytes,
  traceparent: fc.string(),
  payload: anyBytes,
});

type PlainEvent = Omit<Event, 'contentHash' | 'payload'> & { contentHash: string; payload: string };

const plain = ({ contentHash, payload, ...event }: Event): PlainEvent => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return { ...event, contentHash: hex(contentHash), payload: hex(payload) };
};

/** The event that the generated decoder returns; undefined if it throws. */
function decoded(bytes: Buffer): PlainEvent | undefined {
  try {
    return plain(Event.decode(bytes));
  } catch {
    return undefined;
  }
}

function read(bytes: Buffer, before = 0, after = 0): PlainEvent | undefined {
  const around = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(after, 0xff)]);
  try {
    return plain(readEvent(around, before, before + bytes.length));
  } catch {
    return undefined;
  }
}

test('an event is read as by the generated decoder, at any place in the bytes', () => {
  fc.assert(
    fc.property(anyEvent, fc.nat(9), fc.nat(9), (event, before, after) => {
      const bytes = Buffer.from(Event.encode(event).finish());
      expect(read(bytes, before, after)).toEqual(decoded(bytes));
    }),
  );
});

test('a version of more than 32 bits is cut as by the generated decoder', () => {
  const bytes = Buffer.from([0x10, 0x81, 0x80, 0x80, 0x80, 0x80, 0x01]);
  expect(read(bytes)).toEqual(decoded(bytes));
  expect(read(bytes)?.version).toBe(1);
});

test('damaged events and random bytes are read as by the generated decoder', () => {
  const anyDamage = fc.record({ event: anyEvent, cut: fc.nat(40), at: fc.nat(400), byte: fc.nat(255) });
  fc.assert(
    fc.property(anyDamage, ({ event, cut, at, byte }) => {
      const whole = Buffer.from(Event.encode(event).finish());
      const bytes = whole.subarray(0, Math.max(0, whole.length - cut));
      if (at < bytes.length) bytes[at] = byte;
      expect(read(bytes)).toEqual(decoded(bytes));
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      expect(read(bytes)).toEqual(decoded(bytes));
    }),
  );
});
