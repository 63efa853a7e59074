import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { countArgument, folderArgument, partitionsArgument, textArgument } from './arguments.ts';

test.each(['', '0', '-1', '1.5', '1e3', '0x10', ' 7', '9007199254740992'])(
  '%j is refused as a count',
  (text) => {
    expect(() => countArgument(text)).toThrow('It must be a whole number, 1 or more.');
  },
);

test('a count is written in digits', () => {
  expect(countArgument('1000')).toBe(1_000);
});

test.each(['', '  '])('%j is refused as a folder', (text) => {
  expect(() => folderArgument(text)).toThrow('It must be the path of a folder.');
});

test('a folder is made absolute', () => {
  expect(folderArgument('data')).toBe(resolve('data'));
});

test.each(['', ' \t'])('%j is refused as a text', (text) => {
  expect(() => textArgument(text)).toThrow('It must not be blank');
});

test('a text stays as it is', () => {
  expect(textArgument(' night bus ')).toBe(' night bus ');
});

test.each(['0', '65', '1e1', ''])('%j is refused as a number of partitions', (text) => {
  expect(() => partitionsArgument(text)).toThrow('from 1 to 64');
});

test('a log has up to 64 partitions', () => {
  expect(['1', '64'].map(partitionsArgument)).toEqual([1, 64]);
});
