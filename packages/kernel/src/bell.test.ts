import { expect, test } from 'vitest';
import { Bell } from './bell.ts';

test('a bell wakes all waiters', async () => {
  const bell = new Bell();
  const waiting = Promise.all([bell.rung(), bell.rung()]);
  bell.ring();
  await waiting;
});

test('a waiter that comes after a ring waits for the next one', async () => {
  const bell = new Bell();
  bell.ring();
  const woken: string[] = [];
  const late = bell.rung().then(() => woken.push('late'));
  await Promise.resolve();
  expect(woken).toEqual([]);
  bell.ring();
  await late;
  expect(woken).toEqual(['late']);
});

test('a waiter that checks before it waits sees everything, at any speed', async () => {
  const bell = new Bell();
  const [waiting, seen]: [number[], number[]] = [[], []];
  const watch = async () => {
    while (seen.length < 100) {
      const next = waiting.shift();
      if (next === undefined) await bell.rung();
      else seen.push(next);
    }
  };
  const watching = watch();
  for (let number = 0; number < 100; number += 1) {
    waiting.push(number);
    bell.ring();
    if (number % 3 === 0) await Promise.resolve();
  }
  await watching;
  expect(seen).toEqual(Array.from({ length: 100 }, (_, number) => number));
});
