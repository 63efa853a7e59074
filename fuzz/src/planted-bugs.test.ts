import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';
import { plantIn } from '@odograph/testing/planted-bug';
import { expect, test } from 'vitest';
import { SCRIPTS } from './inputs/input.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

test.each(PLANTED_BUGS)('"$name" can be planted in the source, and its script exists', async (bug) => {
  const source = await readFile(join(projectRoot, bug.file), 'utf8');
  expect(plantIn(source, bug)).not.toBe(source);
  const names = SCRIPTS.map(({ name }) => name);
  if (bug.caughtBy !== undefined) expect(names).toContain(bug.caughtBy);
});
