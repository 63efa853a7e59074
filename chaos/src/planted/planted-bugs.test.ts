import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';
import { plantIn } from '@odograph/testing/planted-bug';
import { expect, test } from 'vitest';
import { SCENARIOS } from '../scenarios/scenarios.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

test.each(PLANTED_BUGS)('"$name" can be planted in the source, and has a scenario', async (bug) => {
  const source = await readFile(join(projectRoot, bug.file), 'utf8');
  expect(plantIn(source, bug)).not.toBe(source);
  expect(SCENARIOS.map(({ name }) => name)).toContain(bug.caughtBy);
});

test('each has its own name', () => {
  expect(new Set(PLANTED_BUGS.map(({ name }) => name)).size).toBe(PLANTED_BUGS.length);
});
