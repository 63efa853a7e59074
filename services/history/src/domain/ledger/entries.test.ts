import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextBucket } from './bucket.ts';
import { Entries, type Place } from './entries.ts';

const inOrder = (places: readonly Place[]) =>
  places.toSorted((a, b) => a.sequence - b.sequence || a.index - b.index);

test('stored entries do not change: hash, sequence and index, little-endian', () => {
  const entries = new Entries();
  entries.add(0xfedcba98, { sequence: 0x0605_0403_0201, index: 0x0807 });
  expect(entries.bytes.toString('hex')).toBe('98badcfe' + '010203040506' + '0708');
});

test('all places of a hash are found, among few and among many, also between additions', () => {
  const anyHash = fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 0xffff_ffff }));
  fc.assert(
    fc.property(fc.array(anyHash, { maxLength: 700, size: 'max' }), (hashes) => {
      const entries = new Entries();
      for (const [sequence, hash] of hashes.entries()) {
        entries.add(hash, { sequence, index: sequence % 7 });
        if (sequence % 50 === 0) expect(entries.find(hash)).toContainEqual({ sequence, index: sequence % 7 });
      }
      const stored = new Entries(entries.bytes);
      for (const hash of new Set(hashes)) {
        const wanted = hashes.flatMap((each, sequence) =>
          each === hash ? { sequence, index: sequence % 7 } : [],
        );
        expect(inOrder(entries.find(hash))).toEqual(wanted);
        expect(inOrder(stored.find(hash))).toEqual(wanted);
      }
    }),
    { numRuns: 30 },
  );
});

test('divided entries are the same entries, each in the bucket in which it is looked up', () => {
  const bucket = { subject: 'V1', window: 7, prefix: '0' };
  const entries = new Entries();
  for (let at = 0; at < 100; at += 1) entries.add(at * 0x9e_3779, { sequence: at, index: 0 });
  const divided = entries.groupBy((hash) => nextBucket(bucket, hash).prefix);
  for (let at = 0; at < 100; at += 1) {
    const hash = at * 0x9e_3779;
    expect(divided.get(nextBucket(bucket, hash).prefix)?.find(hash)).toEqual([{ sequence: at, index: 0 }]);
  }
  expect([...divided.values()].reduce((sum, { count }) => sum + count, 0)).toBe(100);
});
