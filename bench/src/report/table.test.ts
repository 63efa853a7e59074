import { expect, test } from 'vitest';
import { measureOf } from './measure.ts';
import { runOf, runWith } from './run.fixture.ts';
import { benchReport, inThreeDigits, percent, textTable } from './table.ts';

test('each measure is shown with its ratio, both with minimum, median and maximum', () => {
  const text = benchReport(runWith([50, 120, 40]));
  expect(text).toMatch(/^raw journaled insertMany +100 +events\/s +100 – 100 – 200$/m);
  expect(text).toMatch(
    /^sustained +50 +events\/s +40 – 50 – 120 +0\.5× +raw journaled insertMany +0\.4 – 0\.5 – 0\.6$/m,
  );
});

test('the head says what ran where', () => {
  const text = benchReport(runWith([50, 100, 50]));
  expect(text).toContain('quick run of 01234567, 2026-05-01T06:00:00.000Z');
  expect(text).toContain('2 × A & B <CPU>, 7.8 GiB, kernel 6.1, Node 24.1.0, MongoDB 6.0.5, NATS 2.15.1');
});

test('one repeat has no range, and what was not measured has a reason', () => {
  const measure = measureOf({ name: 'p99', unit: 'ms', better: 'lower' }, [12.345]);
  const text = benchReport({ ...runOf(measure), notMeasured: [{ name: 'E', why: 'no network' }] });
  expect(text).toMatch(/^p99 +12\.3 +ms$/m);
  expect(text).toContain('E: not measured, no network');
});

test('numbers have three digits', () => {
  expect([123_456, 9.8765, 0.012345, 0].map(inThreeDigits)).toEqual(['123,000', '9.88', '0.0123', '0']);
  expect(percent(0.154)).toBe('15 %');
});

test('columns line up, and short rows end early', () => {
  expect(textTable([['a', '1', 'x'], ['long', '22'], ['b']])).toBe('a      1  x\nlong  22\nb');
});
