import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(resolve(root, 'docs/operations.md'), 'utf8');
const [, table = ''] = /\| log line \| means \|\n(.*?)\n\n/s.exec(page) ?? [];
const sources = globSync('{services/*,packages/*,cli}/src/**/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(resolve(root, file), 'utf8'));

const sayings = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, words = '']) => words);

test.each(sayings)('docs/operations.md explains a line that something logs: %s', (words) => {
  expect(sources.some((source) => source.includes(`'${words}'`))).toBe(true);
});

test('it explains some', () => {
  expect(sayings.length).toBeGreaterThan(5);
});

test('it names the collections of the log as they are', () => {
  const source = readFileSync(resolve(root, 'services/history/src/log/collections.ts'), 'utf8');
  const collections = [...source.matchAll(/database\.collection\('(\w+)'\)/g)].map(([, name]) => name);
  const [, named = ''] = /the log \((.*?)\)/.exec(page) ?? [];
  expect([...named.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(collections);
  expect(collections.length).toBeGreaterThan(0);
});

test('what it says to drop has the version of the projection', () => {
  const source = readFileSync(resolve(root, 'services/history/src/domain/samples/samples.ts'), 'utf8');
  const [, version] = /version: (\d+)/.exec(source) ?? [];
  expect(page).toContain(`db.samples_v${version}.drop()`);
  expect(page).toContain(`/:samples@${version}$/`);
});
