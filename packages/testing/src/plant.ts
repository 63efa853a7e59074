/** A service loads this before its own modules (`node --import`). It plants the bug that the environment has. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '@odograph/engines/project-paths';
import { type BugToPlant, PLANTED_BUG, plantIn } from './planted-bug.ts';

const bug: BugToPlant = JSON.parse(process.env[PLANTED_BUG] ?? '');
if (process.argv[1] === bug.main) plant(bug);

function plant(bug: BugToPlant): void {
  const target = pathToFileURL(join(projectRoot, bug.file)).href;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== target) return loaded;
      return { ...loaded, source: plantIn(String(loaded.source), bug) };
    },
  });
}
