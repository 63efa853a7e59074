import { compareStamps } from '@odograph/cache/version';
import { MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import { comparePositions } from '@odograph/kernel/position';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { positionOf, stampOf } from './stamps.ts';

const anyPosition = fc
  .tuple(fc.constant(3), fc.nat(2 ** 40), fc.option(fc.nat(MAX_ENVELOPE_EVENTS), { nil: undefined }))
  .map(([partition, sequence, index]) => ({ partition, sequence, ...(index !== undefined && { index }) }));

test('stamps are in the order of their positions, and give them back', () => {
  fc.assert(
    fc.property(anyPosition, anyPosition, (a, b) => {
      expect(positionOf(stampOf(a))).toEqual(a);
      expect(Math.sign(compareStamps(stampOf(a), stampOf(b)))).toBe(Math.sign(comparePositions(a, b)));
    }),
  );
});
