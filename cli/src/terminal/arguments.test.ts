import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { folderArgument } from './arguments.ts';

test.each(['', '  '])('%j is refused as a folder', (text) => {
  expect(() => folderArgument(text)).toThrow('It must be the path of a folder.');
});

test('a folder is made absolute', () => {
  expect(folderArgument('data')).toBe(resolve('data'));
});
