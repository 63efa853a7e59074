import { expect, test } from 'vitest';
import { createQuota } from './quota.ts';

test('a client has a number open, all clients have a number, and what is closed makes room', () => {
  const quota = createQuota({ name: 'reads', perClient: 2, inAll: 3 });
  const first = quota.open('a');
  quota.open('a');
  const refused = (limit: string) =>
    expect.objectContaining({ code: 'OVERLOADED', limit, retryAfterMs: 5_000 });
  expect(() => quota.open('a')).toThrow(refused('2 reads a client'));
  quota.open('b');
  expect(() => quota.open('c')).toThrow(refused('3 reads of all clients'));
  first[Symbol.dispose]();
  expect(() => quota.open('c')).not.toThrow();
});

test('there is a place for a client that has none, however many others have all that they may have', () => {
  const quota = createQuota({ name: 'reads', perClient: 2, inAll: 8 });
  for (const client of ['a', 'a', 'b', 'b', 'c', 'c', 'd']) quota.open(client);
  expect(() => quota.open('d')).toThrow('8 reads of all clients');
  expect(() => quota.open('e')).not.toThrow();
});

test('what counts as several takes as many places, at most all of a client, and gives them back', () => {
  const quota = createQuota({ name: 'reads', perClient: 5, inAll: 20 });
  const first = quota.open('a', 4);
  expect(() => quota.open('a', 2)).toThrow(
    'more than 5 reads a client, and this one counts as 2: close one, then try again',
  );
  expect(() => quota.open('a', 1)).not.toThrow();
  expect(() => quota.open('b', 100)).not.toThrow();
  first[Symbol.dispose]();
  expect(() => quota.open('a', 4)).not.toThrow();
});
