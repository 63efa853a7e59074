import { expect, it } from 'vitest';
import { textTable } from './text-table.ts';
import { cutTo, padTo, widthOf, wrapTo } from './width.ts';

it.each([
  ['bus-1', 5],
  ['Zoë, 30 °C', 10],
  ['Zoe\u0308', 3],
  ['北京公交 1路', 12],
  ['トヨタ', 6],
  ['현대', 4],
  ['🚗', 2],
  ['', 0],
])('%s takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

it('is filled up and cut by its columns', () => {
  expect(padTo(6, '北京')).toBe('北京  ');
  expect(padTo(3, '北京')).toBe('北京');
  expect([4, 3, 1].map((width) => cutTo(width, '北京 1'))).toEqual(['北京', '北', '']);
});

it('is broken between words, and a long word stays whole', () => {
  expect(wrapTo(12, '50 vehicles, 20 driving; 1 late')).toEqual(['50 vehicles,', '20 driving;', '1 late']);
  expect(wrapTo(6, '北京 公交 1路')).toEqual(['北京', '公交', '1路']);
  expect(wrapTo(4, 'a longest b')).toEqual(['a', 'longest', 'b']);
  expect(wrapTo(9, '')).toEqual(['']);
});

it('keeps the columns of a table below each other', () => {
  const rows = [
    ['bus-1', '北京公交', '28'],
    ['bus-2', 'Number 2', '30'],
  ];
  const lines = textTable(['vehicle', 'name', 'speed'], rows).split('\n');
  expect(lines.map((line) => widthOf(line.replace(/\S+$/, '')))).toEqual([19, 19, 19]);
  expect(
    textTable(['vehicle', 'name'], [['bus-1', '北'.repeat(40)]], { maxWidth: 80, yielding: ['name'] }),
  ).toBe('vehicle\nbus-1');
});
