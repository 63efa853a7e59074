import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canHave, isPlain, NOTHING_KNOWN, withEvent } from './known-times.ts';

const anyTime = fc.oneof(
  fc.nat(20),
  fc.nat(20).map((time) => 4_000_000_000_000 + time),
);
const anyEvents = fc.array(fc.record({ timeMs: anyTime, isPlain: fc.boolean() }), { maxLength: 60 });

const after = (events: readonly { timeMs: number; isPlain: boolean }[]) =>
  events.reduce((known, { timeMs, isPlain }) => withEvent(known, timeMs, isPlain), NOTHING_KNOWN);

test('a time of which a subject has an event is never taken for a new one', () => {
  fc.assert(
    fc.property(anyEvents, (events) => {
      const known = after(events);
      for (const { timeMs } of events) expect(canHave(known, timeMs)).toBe(true);
    }),
  );
});

test('a time after every plain one is new, however far ahead the others are', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.array(fc.nat(5)), (plain, ahead) => {
      const events = [
        ...plain.map((timeMs) => ({ timeMs, isPlain: true })),
        ...ahead.map((time) => ({ timeMs: 4_000_000_000_000 + time, isPlain: false })),
      ];
      expect(canHave(after(events), 21)).toBe(false);
    }),
  );
});

test('what is remembered of times ahead is bounded', () => {
  const events = Array.from({ length: 1_000 }, (_, at) => ({ timeMs: 1_000 + at, isPlain: false }));
  const known = after(events);
  expect(known.aheadMs).toHaveLength(16);
  expect(canHave(known, 999)).toBe(false);
  for (const { timeMs } of events) expect(canHave(known, timeMs)).toBe(true);
});

const REPORTED = { type: 'TelemetryReported', part: 0, observedAtMs: 1_000, receivedAtMs: 1_000 };

test.each([
  ['a report', {}, true],
  ['a report from a clock that is a little ahead', { observedAtMs: 301_000 }, true],
  ['a report whose first sample is years ahead', { observedAtMs: 32_472_144_000_000 }, false],
  ['a second part', { part: 1 }, false],
  ['a quarantined report', { type: 'TelemetryQuarantined' }, false],
  ['a tick', { type: 'TimeTicked' }, true],
])('whether %s raises the newest time', (_, event, expected) => {
  expect(isPlain({ ...REPORTED, ...event })).toBe(expected);
});
