import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { EncodedEvent } from '@odograph/event-log/encoded-event';
import { decodeEnvelope, encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTail } from './tail.ts';

const PARTITION = 1;

const anySubject = fc.constantFrom('V1', 'V2', 'V3');
const anyEvent = fc.record({
  subject: anySubject,
  reportId: fc.string(),
  payload: fc.uint8Array({ maxLength: 40 }),
});
const anyEnvelopes = fc.array(fc.array(anyEvent.map(Event.create), { minLength: 1, maxLength: 5 }), {
  maxLength: 6,
});

/** Events as they come from an envelope (encoded, in one buffer) or from MongoDB (decoded). */
function stored(sequence: number, events: readonly Event[], isEncoded: boolean): readonly StoredEvent[] {
  const plain = events.map((event, index) => ({
    position: { partition: PARTITION, sequence, index },
    event,
  }));
  if (!isEncoded) return plain;
  const bytes = Buffer.concat(events.map(encodeEnvelopeEntry));
  const envelope = { partition: PARTITION, sequence, buffer: bytes.buffer };
  return Array.from(
    decodeEnvelope(bytes),
    (entry, index) => new EncodedEvent(envelope, index, entry.event.subject, entry),
  );
}

const names = (events: readonly StoredEvent[]) =>
  events.map(({ position: { sequence, index }, event }) => [sequence, index, event.subject, event.reportId]);

test('a tail gives each subject its own events above the trimmed sequence, unchanged and in order', () => {
  fc.assert(
    fc.property(anyEnvelopes, fc.boolean(), fc.nat(7), (envelopes, isEncoded, trimmed) => {
      const tail = createTail(PARTITION, 0);
      const all = envelopes.map((events, at) => stored(at + 1, events, isEncoded));
      for (const [at, events] of all.entries()) tail.append({ events, through: at + 1 });
      tail.trimThrough(trimmed);
      const left = all.flat().filter(({ position }) => position.sequence > trimmed);
      for (const subject of ['V1', 'V2', 'V3']) {
        const own = left.filter(({ event }) => event.subject === subject);
        expect(names(tail.eventsAfter(subject, 0))).toEqual(names(own));
        expect(tail.lastSequence(subject)).toBe(own.at(-1)?.position.sequence ?? 0);
        expect(names(tail.ends(subject))).toEqual(
          names(own.length > 1 ? ([own[0], own.at(-1)] as StoredEvent[]) : own),
        );
      }
      expect(tail.sortedSubjects()).toEqual([...new Set(left.map(({ event }) => event.subject))].sort());
      tail.trimThrough(envelopes.length);
      expect(tail.bytes()).toBe(0);
    }),
  );
});
