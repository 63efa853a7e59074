import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Scope } from './floors.ts';
import { PART_BYTES, partsOf } from './scope-parts.ts';

const anyText = fc.tuple(fc.constantFrom('a', '\u0001', '"', 'ü', '🚌'), fc.nat(60_000));
const anyScopes: fc.Arbitrary<Scope[]> = fc.array(
  anyText.map(([text, times]) => ({ tag: text.repeat(times + 1) })),
  { maxLength: 20 },
);

test('parts have all scopes in their order, and each that has several fits into a message', () => {
  fc.assert(
    fc.property(anyScopes, (scopes) => {
      const parts = [...partsOf(scopes)];
      expect(parts.flat()).toEqual(scopes);
      for (const part of parts.filter(({ length }) => length !== 1)) {
        expect(part).not.toEqual([]);
        expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThanOrEqual(PART_BYTES + 1);
      }
    }),
  );
});
