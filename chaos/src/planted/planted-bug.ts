import type { ServiceName } from '@odograph/cluster/services';

/** The environment variable that names the bug. Services refuse unknown variables with their own prefix. */
export const PLANTED_BUG = 'CHAOS_PLANTED_BUG';

/** A bug that is put into a service while its module is loaded. The source file does not change. */
export interface PlantedBug {
  readonly name: string;
  /** What goes wrong, in one line. */
  readonly description: string;
  readonly service: ServiceName;
  /** From the root of the repository. */
  readonly file: string;
  /** Must occur in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The scenario that must catch it. */
  readonly caughtBy: string;
}

/** The source with the bug in it. Throws unless `find` occurs exactly once: a bug that is not planted proves nothing. */
export function plantIn(source: string, { name, file, find, replace }: PlantedBug): string {
  const count = source.split(find).length - 1;
  if (count === 1) return source.replace(find, () => replace);
  throw new Error(
    `planted bug "${name}": its text must occur once in ${file}, but occurs ${count} times. ` +
      'Update `find` in chaos/src/planted/planted-bugs.ts',
  );
}
