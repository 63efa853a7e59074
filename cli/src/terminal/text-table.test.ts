import { describe, expect, it } from 'vitest';
import { textTable } from './text-table.ts';

const HEAD = ['vehicle', 'name', 'speed', 'location'];
const ROWS = [
  ['bus-1', 'Bus 1', '28 km/h', '30.22097, -97.76523'],
  ['bus-1000', '', '', ''],
];
const widthOf = (table: string) => Math.max(...table.split('\n').map((line) => line.length));

describe('a table', () => {
  it('is as wide as its content', () => {
    expect(textTable(HEAD, ROWS)).toBe(
      [
        'vehicle   name   speed    location',
        'bus-1     Bus 1  28 km/h  30.22097, -97.76523',
        'bus-1000',
      ].join('\n'),
    );
  });

  it.each([
    [45, ['vehicle', 'name', 'speed', 'location']],
    [44, ['vehicle', 'name', 'speed']],
    [23, ['vehicle', 'speed']],
    [10, ['vehicle', 'speed']],
  ])('of at most %d characters has the columns %j', (maxWidth, columns) => {
    const table = textTable(HEAD, ROWS, { maxWidth, yielding: ['location', 'name'] });
    expect(table.split('\n')[0]?.split(/ +/)).toEqual(columns);
    if (maxWidth > 16) expect(widthOf(table)).toBeLessThanOrEqual(maxWidth);
  });

  it('makes no row of a line break in a cell', () => {
    expect(textTable(['name', 'value'], [['x', 'a\nb']])).toBe('name  value\nx     a\\u000ab');
  });
});
