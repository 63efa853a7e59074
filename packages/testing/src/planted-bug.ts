import { preloadEnv } from './preload-env.ts';

/** The environment variable with a {@link BugToPlant}. Services refuse unknown variables with their own prefix. */
export const PLANTED_BUG = 'PLANTED_BUG';

/** A bug that is put into a service while its module is loaded. The source file does not change. */
export interface PlantedBug {
  readonly name: string;
  /** What goes wrong, in one line. */
  readonly description: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Must occur in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** What the process that has the bug must know of it. */
export interface BugToPlant extends PlantedBug {
  /** The start file of the service; other processes have no bug. */
  readonly main: string;
}

/** The environment of a platform of which one service has a bug. */
export function plantedEnv(bug: BugToPlant): NodeJS.ProcessEnv {
  return { [PLANTED_BUG]: JSON.stringify(bug), ...preloadEnv(new URL('plant.ts', import.meta.url)) };
}

/** The source with the bug in it. Throws unless `find` occurs exactly once: a bug that is not planted proves nothing. */
export function plantIn(source: string, { name, file, find, replace }: PlantedBug): string {
  const count = source.split(find).length - 1;
  if (count === 1) return source.replace(find, () => replace);
  throw new Error(
    `planted bug "${name}": its text must occur once in ${file}, but occurs ${count} times. ` +
      'Update its `find`',
  );
}
