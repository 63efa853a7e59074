import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createRestartPolicy, UP_LIMITS } from '@odograph/cluster/restart-policy';
import { platformServices } from '@odograph/cluster/services';
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

test('it says how long `up` waits at most before it restarts a process', () => {
  const policy = createRestartPolicy({ now: () => 0 }, UP_LIMITS);
  const delaysMs: number[] = [];
  for (let delayMs = policy.exited(); delayMs !== undefined; delayMs = policy.exited())
    delaysMs.push(delayMs);
  expect(page).toContain(`up to ${Math.max(...delaysMs) / 1_000} s.`);
});

test('it says how often a stream that fills is trimmed', () => {
  const source = readFileSync(resolve(root, 'services/history/src/upkeep/trim.ts'), 'utf8');
  const [, seconds] = /FILLING_INTERVAL_MS = (\d+)_000/.exec(source) ?? [];
  expect(page).toContain(`it looks every ${seconds} s from a quarter on`);
  expect(page).toContain(`it is tried every ${seconds} s |`);
});

test('it has the passwords of the engines that services need, and of no other', () => {
  const named = [...page.matchAll(/\.data\/(\w+)\/secret/g)].map(([, engine]) => engine);
  expect(named).toEqual([...new Set(platformServices.flatMap(({ engines }) => engines))]);
});
