import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { isErrno, isSystemError } from './errno.ts';

/** Steps of niceness: a third of the processor of one that does not stand back, where both want it all. */
export const STANDING_BACK = 5;

const MOST_NICE = 19;
/** The kernel takes a change of a session from a user once in 100 ms. */
const AGAIN_MS = 150;

/** A process that was just started, in a session of its own. */
export type Started = Pick<ChildProcess, 'pid' | 'exitCode' | 'signalCode'>;

/**
 * Lets others go first while there is not processor enough for all (docs/decisions/010). Where the system does not allow
 * it, all have the same share.
 */
export function standBack(child: Started): void {
  const { pid } = child;
  if (pid === undefined) return;
  ifAllowed(() => setPriority(pid, Math.min(MOST_NICE, getPriority(pid) + STANDING_BACK)));
  weighSession(child, `/proc/${pid}/autogroup`);
}

/** Linux weighs sessions against each other, and niceness only within one: sched(7), "The autogroup feature". */
function weighSession(child: Started, file: string): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  ifAllowed(() => {
    try {
      writeFileSync(file, String(STANDING_BACK));
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error;
      setTimeout(() => weighSession(child, file), AGAIN_MS).unref();
    }
  });
}

/** The process may be gone already, the system another, or the file out of reach in a container. */
function ifAllowed(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}
