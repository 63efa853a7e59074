import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePageToken, encodePageToken, type ListQuery } from './page-token.ts';

const queries = fc.tuple(fc.string(), fc.string(), fc.integer()) as fc.Arbitrary<ListQuery>;
const keys = fc.array(fc.oneof(fc.string({ maxLength: 100 }), fc.integer()), { maxLength: 2 });
const refused = expect.objectContaining({
  code: 'INVALID_INPUT',
  findings: [expect.objectContaining({ field: 'page_token' })],
});

test('a token gives its key back to the query that it is of, and to no other', () => {
  fc.assert(
    fc.property(queries, queries, keys, (query, other, key) => {
      const token = encodePageToken(query, key);
      expect(decodePageToken(query, token)).toEqual(key);
      if (JSON.stringify(query) === JSON.stringify(other)) return;
      expect(() => decodePageToken(other, token)).toThrow(refused);
    }),
  );
});

test('the first page has no token', () => {
  expect(decodePageToken(['vehicles'], '')).toBeUndefined();
});

test.each(['x', 'bnVsbA', 'e30', '%', 'A'.repeat(100_000)])('%.20s is not a token', (token) => {
  expect(() => decodePageToken(['vehicles'], token)).toThrow(refused);
});
