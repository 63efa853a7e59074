import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { expect, test } from 'vitest';
import { EncodedEvent } from './encoded-event.ts';

const position = { partition: 1, sequence: 2, index: 3 };
const event = Event.create({
  subject: 'V1',
  reportId: 'r',
  payload: Buffer.from('said'),
  contentHash: Buffer.alloc(16, 7),
});

test('an encoded event decodes to the original event each time', () => {
  const encoded = EncodedEvent.from({ position, event });
  for (let time = 0; time < 2; time += 1) {
    expect({ position: encoded.position, event: encoded.event }).toEqual({ position, event });
  }
  expect(encoded.subject).toBe('V1');
  expect(encoded.bytes).toEqual(Buffer.from(Event.encode(event).finish()));
  expect(encoded.length).toBe(encoded.bytes.length);
});

test('an encoded event is not encoded again', () => {
  const encoded = EncodedEvent.from({ position, event });
  expect(EncodedEvent.from(encoded)).toBe(encoded);
});

test('an encoded event is read from between other bytes', () => {
  const { bytes } = EncodedEvent.from({ position, event });
  const { buffer } = Buffer.concat([Buffer.alloc(5, 0xff), bytes, Buffer.alloc(5, 0xff)]);
  const place = { offset: Buffer.from(buffer).indexOf(bytes), length: bytes.length };
  const encoded = new EncodedEvent({ partition: 1, sequence: 2, buffer }, 3, 'V1', place);
  expect({ position: encoded.position, event: encoded.event }).toEqual({ position, event });
});

test('the subject string is shared only between events of the same subject', () => {
  const encoded = EncodedEvent.from({ position, event });
  encoded.shareSubject(EncodedEvent.from({ position, event: { ...event, subject: 'V2' } }));
  expect(encoded.subject).toBe('V1');
});
