import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { folderArgument, textArgument } from './arguments.ts';

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
