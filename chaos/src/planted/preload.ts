/** A service loads this before its own modules (`node --import`). It plants the bug that the environment names. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { platformServices } from '@odograph/cluster/services';
import { projectRoot } from '@odograph/engines/project-paths';
import { PLANTED_BUG, type PlantedBug, plantIn } from './planted-bug.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

const bug = PLANTED_BUGS.find(({ name }) => name === process.env[PLANTED_BUG]);
if (!bug) throw new Error(`${PLANTED_BUG}=${process.env[PLANTED_BUG]}: there is no planted bug of this name`);
const service = platformServices.find(({ name }) => name === bug.service);
if (process.argv[1] === service?.main) plant(bug);

function plant(bug: PlantedBug): void {
  const target = pathToFileURL(join(projectRoot, bug.file)).href;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== target) return loaded;
      return { ...loaded, source: plantIn(String(loaded.source), bug) };
    },
  });
}
