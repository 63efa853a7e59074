import { expect, test } from 'vitest';
import type { Entry } from './entry.ts';
import { ENTRY_BYTES, MemoryTier } from './memory-tier.ts';

const entry = (value: string, sequence: number, tags: readonly string[] = []): Entry<string> => ({
  ...{ value, version: [{ domain: 'log/0', epoch: 1, sequence }], tags, writer: 'feed' },
  ...{ readAtMs: 0, freshUntilMs: 1, servedUntilMs: 1, keptUntilMs: 1 },
});

/** Room for three entries with a key and a value of one character. */
const open = (onEvict?: () => void) =>
  new MemoryTier<string>({
    ...{ maxBytes: 3 * (ENTRY_BYTES + 2), bytesOf: (value) => value.length },
    ...(onEvict && { onEvict }),
  });

test('what is replaced often leaves before what is read', () => {
  const evicted: string[] = [];
  const memory = open(() => void evicted.push('one'));
  for (const key of ['a', 'b', 'c']) memory.store(key, entry('x', 1));
  memory.get('a');
  for (let sequence = 2; sequence < 9; sequence += 1) memory.store('b', entry('y', sequence));
  memory.get('c');
  memory.store('d', entry('x', 1));
  expect([...memory.keys()].sort()).toEqual(['a', 'c', 'd']);
  expect(evicted).toEqual(['one']);
});

test('an entry that grows counts as it is, and one that is older is refused', () => {
  const memory = open();
  memory.store('a', entry('x', 2));
  const before = memory.bytes;
  expect(memory.store('a', entry('xyz', 3))).toBe(true);
  expect(memory.bytes).toBe(before + 2);
  expect(memory.store('a', entry('q', 1))).toBe(false);
  expect(memory.get('a')?.value).toBe('xyz');
});

test('entries are found by the tags that they have now', () => {
  const memory = open();
  memory.store('a', entry('x', 1, ['north']));
  memory.store('a', entry('y', 2, ['south']));
  expect([[...memory.keysOf('north')], [...memory.keysOf('south')]]).toEqual([[], ['a']]);
  memory.clear();
  expect([...memory.keysOf('south')]).toEqual([]);
});

test('what is larger than all room is not held', () => {
  const memory = open();
  memory.store('a', entry('x'.repeat(5_000), 1, ['north']));
  expect([memory.size, [...memory.keysOf('north')]]).toEqual([0, []]);
});
