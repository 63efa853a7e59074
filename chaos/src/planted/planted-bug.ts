import type { ServiceName } from '@odograph/cluster/services';

/** Tells a service its bug; no name that begins like its own settings, for it refuses those that it does not know. */
export const PLANTED_BUG = 'CHAOS_PLANTED_BUG';

/** A fault put into a service on purpose, while its module is loaded: the tree is never touched. */
export interface PlantedBug {
  readonly name: string;
  /** What goes wrong, in a line, for people. */
  readonly what: string;
  readonly service: ServiceName;
  /** From the project's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The scenario that brings it to light. */
  readonly caughtBy: string;
}

/** The source with the bug in it. Throws where the bug has no place in it any more: one that is not there proves nothing. */
export function plantIn(source: string, { name, file, find, replace }: PlantedBug): string {
  const count = source.split(find).length - 1;
  if (count === 1) return source.replace(find, () => replace);
  throw new Error(
    `planted bug "${name}" has no place in ${file}: what it replaces stands there ${count} times`,
  );
}
