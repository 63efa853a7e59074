import { Envelope, Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEnvelope, encodeEnvelopeEntry, MAX_ENVELOPE_EVENTS } from './envelope.ts';

test('consecutive entries are the bytes of the envelope', () => {
  const events = fc.array(
    fc
      .record({ subject: fc.string(), payload: fc.uint8Array({ maxLength: 70_000 }) })
      .map((event) => Event.create(event)),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(events, (list) => {
      const entries = Buffer.concat(list.map(encodeEnvelopeEntry));
      expect(entries.equals(Envelope.encode({ events: list }).finish())).toBe(true);
      expect([...decodeEnvelope(entries)].map(({ event }) => event.subject)).toEqual(
        list.map(({ subject }) => subject),
      );
    }),
    { numRuns: 50 },
  );
});

test('bytes that are not an envelope are a corrupt log', () => {
  expect(() => [...decodeEnvelope(new Uint8Array([0xff, 0xff]))]).toThrow(
    expect.objectContaining({ code: 'CORRUPT_LOG' }),
  );
});

test('a forged envelope of half a million empty events is not decoded further than an envelope may be', () => {
  const forged = new Uint8Array(1024 * 1024).map((_, at) => (at % 2 === 0 ? 0x0a : 0));
  let decoded = 0;
  const decodeAll = () => {
    for (const _ of decodeEnvelope(forged)) decoded += 1;
  };
  expect(decodeAll).toThrow(
    expect.objectContaining({
      code: 'CORRUPT_LOG',
      message: 'the envelope has more than 2000 events, the maximum',
    }),
  );
  expect(decoded).toBe(MAX_ENVELOPE_EVENTS);
});
