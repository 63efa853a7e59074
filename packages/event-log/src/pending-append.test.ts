import { Fault } from '@odograph/kernel/fault';
import { expect, test } from 'vitest';
import { AppendResults, PendingAppend } from './pending-append.ts';

const ENCODED = { entries: [new Uint8Array(3)], bytes: 3, deadlineAtMs: 1_000 };
const at = (sequence: number) => ({ partition: 0, sequence, index: 0 });

test('the results come in the order of the appends, once all are complete', async () => {
  const results = new AppendResults(3);
  const [first, second, third] = [0, 1, 2].map((index) => new PendingAppend(ENCODED, results, index));
  const late = new Fault('UNAVAILABLE', 'late');
  third?.complete(at(3));
  first?.complete(at(1));
  expect([first, second, third].map((append) => append?.isComplete)).toEqual([true, false, true]);
  second?.complete(late);
  expect(await results.all).toEqual([at(1), late, at(3)]);
});

test('an append keeps its first result', async () => {
  const results = new AppendResults(2);
  const [first, second] = [0, 1].map((index) => new PendingAppend(ENCODED, results, index));
  first?.complete(at(1));
  first?.complete(at(2));
  second?.complete(at(3));
  expect(await results.all).toEqual([at(1), at(3)]);
});

test('no appends have no results', async () => {
  expect(await new AppendResults(0).all).toEqual([]);
});

test('a programming error rejects at once', async () => {
  const results = new AppendResults(2);
  results.fail(new TypeError('broken'));
  await expect(results.all).rejects.toThrow('broken');
});
