import { expect, test } from 'vitest';
import { leastOf } from './cpu-time.ts';
import { doorPath } from './door-path.ts';
import { historyPath } from './history-path.ts';

test('the minimum of all rounds counts for each step', () => {
  expect(
    leastOf([
      { a: 3, b: 1 },
      { a: 2, b: 5 },
    ]),
  ).toEqual({ a: 2, b: 1 });
});

test('every step of both paths runs', async () => {
  const paths = [doorPath(300), await historyPath(2_000, 2)];
  for (const path of paths) {
    for (let round = 0; round < 2; round += 1) {
      for (const micros of Object.values(await path())) expect(micros).toBeGreaterThanOrEqual(0);
    }
  }
});
