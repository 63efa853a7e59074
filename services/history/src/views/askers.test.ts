import { expect, test } from 'vitest';
import { Askers } from './askers.ts';

const GONE = AbortSignal.abort(new Error('gone'));
const HERE = new AbortController().signal;

test.each<[string, (AbortSignal | undefined)[], boolean]>([
  ['the only one has left', [GONE], true],
  ['all have left', [GONE, GONE], true],
  ['one of them waits', [GONE, HERE, GONE], false],
  ['one of them never leaves', [GONE, undefined], false],
])('a work is given up or not: %s', (_, [first, ...others], isGivenUp) => {
  const askers = new Askers(first);
  for (const signal of others) expect(askers.join(signal)).toBe(true);
  if (isGivenUp) expect(() => askers.throwIfAborted()).toThrow('gone');
  else askers.throwIfAborted();
  expect(askers.join(HERE)).toBe(!isGivenUp);
});

test('a work that is done is there for everyone', () => {
  const askers = new Askers(GONE);
  askers.done();
  expect(askers.join(GONE)).toBe(true);
});
