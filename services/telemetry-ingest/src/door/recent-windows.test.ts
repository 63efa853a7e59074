import { expect, test } from 'vitest';
import { RECENT_MS, RecentWindows } from './recent-windows.ts';

function open(max = 100) {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const recent = new RecentWindows(clock, max);
  const isNew = (vehicle: string, ...windows: readonly number[]) => recent.newOf(vehicle, windows).length;
  const add = (vehicle: string, ...windows: readonly number[]) => recent.add(recent.newOf(vehicle, windows));
  return { clock, isNew, add };
}

test('a window of a vehicle is new until it has a report, and again after a while', () => {
  const { clock, isNew, add } = open();
  expect(isNew('bus-1', 7, 8)).toBe(2);
  add('bus-1', 7);
  expect([isNew('bus-1', 7, 8), isNew('bus-2', 7), isNew('bus-1')]).toEqual([1, 1, 1]);
  clock.ms += RECENT_MS - 1;
  add('bus-1');
  expect([isNew('bus-1', 7), isNew('bus-1')]).toEqual([0, 0]);
  clock.ms += 1;
  expect([isNew('bus-1', 7), isNew('bus-1')]).toEqual([1, 0]);
});

test('what is reported for again meanwhile is not remembered for longer', () => {
  const { clock, isNew, add } = open();
  add('bus-1', 7);
  clock.ms += RECENT_MS - 1;
  add('bus-1', 7);
  clock.ms += 1;
  expect(isNew('bus-1', 7)).toBe(1);
});

test('after the clock was set back all are new, and those of now are remembered', () => {
  const { clock, isNew, add } = open();
  add('bus-1', 7);
  add('bus-2', 7);
  clock.ms -= 1;
  add('bus-1', 7);
  expect([isNew('bus-1', 7), isNew('bus-2', 7)]).toEqual([0, 1]);
});

test('above the maximum, the first ones are forgotten', () => {
  const { isNew, add } = open(3);
  for (const vehicle of ['a', 'b', 'c', 'd']) add(vehicle, 7);
  expect(['a', 'b', 'c', 'd'].map((vehicle) => isNew(vehicle, 7))).toEqual([1, 0, 0, 0]);
});
