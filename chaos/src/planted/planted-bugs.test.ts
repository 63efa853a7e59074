import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';
import { expect, test } from 'vitest';
import { SCENARIOS } from '../scenarios/scenarios.ts';
import { type PlantedBug, plantIn } from './planted-bug.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

test.each(PLANTED_BUGS)('"$name" can be planted in the source, and has a scenario', async (bug) => {
  const source = await readFile(join(projectRoot, bug.file), 'utf8');
  expect(plantIn(source, bug)).not.toBe(source);
  expect(SCENARIOS.map(({ name }) => name)).toContain(bug.caughtBy);
});

test('each has its own name', () => {
  expect(new Set(PLANTED_BUGS.map(({ name }) => name)).size).toBe(PLANTED_BUGS.length);
});

const BUG: PlantedBug = {
  ...{ name: 'b', description: '', service: 'ingest', file: 'a.ts', caughtBy: 'calm' },
  ...{ find: 'await save();', replace: 'void save(); // $&' },
};

test('a bug is inserted literally', () => {
  expect(plantIn('x();\nawait save();\n', BUG)).toBe('x();\nvoid save(); // $&\n');
});

test.each([
  ['0 times', ''],
  ['2 times', 'await save();\nawait save();\n'],
])('a bug whose text occurs %s cannot be planted', (count, source) => {
  expect(() => plantIn(source, BUG)).toThrow(
    `planted bug "b": its text must occur once in a.ts, but occurs ${count}`,
  );
});
