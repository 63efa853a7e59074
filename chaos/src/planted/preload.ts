/**
 * Loaded by a service before anything else (`node --import`): puts the bug that the environment names into the module
 * that it belongs to.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { platformServices } from '@odograph/cluster/services';
import { projectRoot } from '@odograph/engines/project-paths';
import { PLANTED_BUG, type PlantedBug, plantIn } from './planted-bug.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

const bug = PLANTED_BUGS.find(({ name }) => name === process.env[PLANTED_BUG]);
if (!bug) throw new Error(`no planted bug is called "${process.env[PLANTED_BUG]}"`);
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
