import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/bad-input.md', ROOT), 'utf8');

/** The last cell of each row that has one: a test's file in backticks, and its name. */
const rows = [...page.matchAll(/^\|.*\| `([\w./-]+\.test\.ts)` (.+) \|$/gm)].map(
  ([, file = '', name = '']) => ({
    file,
    name,
  }),
);

test('every row of the bad-input page names a test', () => {
  const tableRows = page.match(/^\| (?!input |---).*$/gm) ?? [];
  expect(tableRows.length).toBeGreaterThan(40);
  expect(rows).toHaveLength(tableRows.length);
});

test.each(rows)('the bad-input page is right that $file has "$name"', ({ file, name }) => {
  const url = new URL(`services/${file}`, ROOT);
  expect(existsSync(url)).toBe(true);
  expect(readFileSync(url, 'utf8')).toContain(`'${name}'`);
});
