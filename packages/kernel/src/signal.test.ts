import { expectLinearTime } from '@odograph/testing/linear-time.fixture';
import { expect, test } from 'vitest';
import { isSignalName, isVssPath, KNOWN_SIGNALS, type KnownSignal } from './signal.ts';

const signals = Object.entries<KnownSignal>(KNOWN_SIGNALS);

test('no two known signals have the same VSS path', () => {
  const paths = signals.map(([, { vssPath }]) => vssPath);
  expect(paths.filter((path) => !isVssPath(path))).toEqual([]);
  expect(new Set(paths).size).toBe(paths.length);
});

test.each(signals)('%s has bounds, and its sentinels are within them', (_, signal) => {
  if (signal.kind === 'boolean') return;
  const { min, max, sentinels } = signal;
  expect(min).toBeLessThan(max);
  expect(sentinels.filter(({ value }) => value < min || value > max)).toEqual([]);
});

test.each(signals)('the step of %s is the same in words and as a number', (_, signal) => {
  const { step = '0', size = 0 } = (signal.kind === 'number' && signal.resolution) || {};
  const [numerator, denominator = 1] = step.split(' ')[0]?.split('/').map(Number) ?? [];
  expect((numerator ?? Number.NaN) / denominator).toBe(size);
});

test.each([
  ['speed_kmh', true],
  ['Vehicle.Cabin.Seat.Row1.Occupied', true],
  ['speed', false],
  ['Vehicle', false],
  ['vehicle.Speed', false],
  ['Vehicle..Speed', false],
  ['constructor', false],
  [`Vehicle.${'A'.repeat(153)}`, false],
])('%s as the name of a signal: %s', (name, isName) => {
  expect(isSignalName(name)).toBe(isName);
});

test('the time to look at the name of a signal is in proportion to its length', async () => {
  await expectLinearTime(isSignalName, [
    { head: 'Vehicle.', unit: 'a', tail: '!' },
    { head: 'Vehicle', unit: '.a', tail: '!' },
  ]);
});
