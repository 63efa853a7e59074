import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';
import { expect, test } from 'vitest';
import { SCENARIOS } from '../scenarios/scenarios.ts';
import { type PlantedBug, plantIn } from './planted-bug.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

test.each(PLANTED_BUGS)('"$name" has a place in the tree, and a scenario', async (bug) => {
  const source = await readFile(join(projectRoot, bug.file), 'utf8');
  expect(plantIn(source, bug)).not.toBe(source);
  expect(SCENARIOS.map(({ name }) => name)).toContain(bug.caughtBy);
});

test('each has a name of its own', () => {
  expect(new Set(PLANTED_BUGS.map(({ name }) => name)).size).toBe(PLANTED_BUGS.length);
});

const BUG: PlantedBug = {
  ...{ name: 'b', what: '', service: 'ingest', file: 'a.ts', caughtBy: 'calm' },
  ...{ find: 'await save();', replace: 'void save(); // $&' },
};

test('a bug is put in as it is written', () => {
  expect(plantIn('x();\nawait save();\n', BUG)).toBe('x();\nvoid save(); // $&\n');
});

test.each([
  ['no longer', ''],
  ['twice', 'await save();\nawait save();\n'],
])('a bug whose place is there %s is no bug', (_, source) => {
  expect(() => plantIn(source, BUG)).toThrow('planted bug "b" has no place in a.ts');
});
