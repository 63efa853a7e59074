import { createRandom } from '@odograph/kernel/random';
import { expect, test } from 'vitest';
import { drawRequest, drawThinkMs } from './requests.ts';

const draw = (count: number, seed = 1) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => drawRequest(random, 50));
};

test('the same seed asks the same', () => {
  expect(draw(100)).toEqual(draw(100));
  expect(draw(100)).not.toEqual(draw(100, 2));
});

test('most ask for a status, some for hours of samples, few for a page', () => {
  const requests = draw(10_000);
  const share = (kind: string) => requests.filter((one) => one.kind === kind).length / requests.length;
  expect(share('status')).toBeCloseTo(0.7, 1);
  expect(share('samples')).toBeCloseTo(0.2, 1);
  expect(share('page')).toBeCloseTo(0.1, 1);
});

test('vehicles and hours are in range', () => {
  for (const request of draw(1_000)) {
    if (request.kind !== 'page') expect(request.vehicle).toBeLessThan(50);
    if (request.kind === 'samples') expect([1, 2, 3, 4]).toContain(request.hours);
  }
});

test('1,000 users who are answered within 200 ms ask more than 1,000 times a second', () => {
  const random = createRandom(1);
  const thinks = Array.from({ length: 10_000 }, () => drawThinkMs(random));
  const averageMs = thinks.reduce((sum, ms) => sum + ms, 0) / thinks.length;
  expect(1_000 / ((averageMs + 200) / 1_000)).toBeGreaterThan(1_000);
});
