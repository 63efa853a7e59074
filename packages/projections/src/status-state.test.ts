import { isFault } from '@odograph/kernel/fault';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from './deliver.fixture.ts';
import { status, statusOf } from './status.ts';
import { decodeState, encodeState, stateBytes } from './status-state.ts';
import { anyEvents, anyRegistrations } from './vehicle-events.arbitrary.ts';

const anyLog = fc.tuple(anyEvents, anyRegistrations).map((both) => both.flat());

test('a program that goes on from a state knows what one knows that folded all', () => {
  fc.assert(
    fc.property(anyLog, anyLog, (first, then) => {
      const state = encodeState(fold(status, first).get('') ?? status.initial('V1', ''));
      const slice = state ? decodeState(state) : status.initial('V1', '');
      for (const event of then) status.read(event, POSITION).applyTo(slice, '');
      const all = fold(status, [...first, ...then]).get('') ?? status.initial('V1', '');
      expect(statusOf(slice)).toEqual(statusOf(all));
    }),
  );
});

const POSITION = { partition: 0, sequence: 1, index: 0 };

test('a state counts with at least its bytes', () => {
  fc.assert(
    fc.property(anyLog, (events) => {
      const slice = fold(status, events).get('') ?? status.initial('V1', '');
      expect(stateBytes(slice)).toBeGreaterThanOrEqual(encodeState(slice)?.length ?? 0);
    }),
  );
});

test.each(['', '{', '[]', 'null', '{"fleet":"north"}'])('%j is not a state', (text) => {
  expect(() => decodeState(new TextEncoder().encode(text))).toThrow(
    expect.toSatisfy((error) => isFault(error, 'CORRUPT_LOG')),
  );
});
