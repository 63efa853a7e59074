import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PLANTED_BUGS } from './planted/planted-bugs.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/guarantees.md'), 'utf8');

/** The names in backticks in the list items that start with a word. */
function named(word: string): ReadonlySet<string> {
  const lines = page
    .replaceAll('\n  ', ' ')
    .split('\n')
    .filter((line) => line.startsWith(`- ${word}`));
  return new Set(lines.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)));
}

const sources = globSync('chaos/src/{verdict,round,scenarios}/**/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n');

describe('docs/guarantees.md', () => {
  test('names every scenario, and no other', () => {
    expect([...named('Scenarios')].sort()).toEqual(SCENARIOS.map(({ name }) => name).sort());
  });

  test('names every planted bug, and no other', () => {
    expect([...named('Planted')].sort()).toEqual(PLANTED_BUGS.map(({ name }) => name).sort());
  });

  test.each([...named('Rule')])('names a rule of the code: %s', (rule) => {
    expect(sources).toContain(rule);
  });

  test('names the rules', () => {
    expect(named('Rule').size).toBeGreaterThan(20);
  });
});
