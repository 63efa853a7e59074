import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/bad-input.md', ROOT), 'utf8');

/** The list of tests: the row, the file in backticks, and the name. */
const rows = [...page.matchAll(/^- ([RSMCV]\d+): `([\w./-]+\.test\.ts)`\s+(.+)$/gm)].map(
  ([, row = '', file = '', name = '']) => ({ row, file, name }),
);

test('every row of docs/bad-input.md names a test', () => {
  const tableRows = [...page.matchAll(/^\| ([RSMCV]\d+) \|/gm)].map(([, row]) => row);
  expect(tableRows.length).toBeGreaterThan(40);
  expect(page.match(/^\| (?!---|\| input).*$/gm)?.length).toBe(tableRows.length);
  expect(rows.map(({ row }) => row)).toEqual(tableRows);
});

test.each(rows)('docs/bad-input.md is right that $file has "$name"', ({ file, name }) => {
  const url = new URL(file.startsWith('packages/') ? file : `services/${file}`, ROOT);
  expect(existsSync(url)).toBe(true);
  expect(readFileSync(url, 'utf8')).toContain(`'${name}'`);
});
