import { expect, test } from 'vitest';
import { createAnswerMemory } from './answer-memory.ts';

/** Sends an answer of these bytes as soon as the memory lets it, and records its name. */
function opened(maxBytes: number) {
  const memory = createAnswerMemory(maxBytes);
  const sent: string[] = [];
  const answer = (name: string, bytes: number, client = 'a') => {
    const call = { client };
    memory.whenRoom(call, () => {
      sent.push(name);
      memory.hold(call, bytes);
    });
    return call;
  };
  return { memory, sent, answer };
}

test('answers of a client are sent until it holds half of all, and the next ones in order as it takes them', () => {
  const { memory, sent, answer } = opened(1_000);
  const [first, second] = [answer('1', 300), answer('2', 200)];
  for (const name of ['3', '4', '5']) answer(name, 300);
  expect(sent).toEqual(['1', '2']);
  memory.hold(first, 0);
  expect(sent).toEqual(['1', '2', '3']);
  memory.hold(second, 0);
  expect(sent).toEqual(['1', '2', '3', '4']);
});

test('a client that takes nothing does not hold up another one', () => {
  const { sent, answer } = opened(1_000);
  for (const name of ['1', '2', '3']) answer(name, 400);
  answer('other', 100, 'b');
  expect(sent).toEqual(['1', '2', 'other']);
});

test('one answer may be longer than all memory; the next one is sent once it is taken', () => {
  const { memory, sent, answer } = opened(1_000);
  const long = answer('long', 5_000);
  answer('next', 10);
  expect(sent).toEqual(['long']);
  memory.hold(long, 0);
  expect(sent).toEqual(['long', 'next']);
});

test('a client that holds nothing can send, however much the others hold', () => {
  const { sent, answer } = opened(1_000);
  for (const client of ['b', 'c', 'd'])
    for (const number of [1, 2]) answer(`${client}${number}`, 600, client);
  expect(sent).toEqual(['b1', 'c1', 'd1']);
});

test('the answer of a call that has ended is not sent, and what it held is free', () => {
  const { memory, sent, answer } = opened(1_000);
  const first = answer('1', 600);
  const gone = answer('2', 600);
  answer('3', 600);
  memory.release(gone);
  memory.release(gone);
  memory.release(first);
  expect(sent).toEqual(['1', '3']);
});

test('an answer that has no bytes to wait for holds nothing', () => {
  const { sent, answer } = opened(1_000);
  for (let count = 0; count < 10; count += 1) answer('', 0);
  expect(sent).toHaveLength(10);
});
