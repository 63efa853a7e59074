import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { isErrno, isSystemError } from './errno.ts';

/** A third of the processor of one that does not stand back, where both want it all. */
export const STANDING_BACK = 5;

/** The kernel takes a change of a session from a user once in 100 ms. */
const AGAIN_MS = 150;

/**
 * Lets others go first while there is not processor enough for all (docs/decisions/010). For a process that was just
 * started in a session of its own. Where the system does not allow it, all have the same share.
 */
export function standBack(pid: number): void {
  ifAllowed(() => setPriority(pid, STANDING_BACK));
  weighSession(pid);
}

/** Linux weighs sessions against each other, and niceness only within one: sched(7), "The autogroup feature". */
function weighSession(pid: number): void {
  ifAllowed(() => {
    try {
      writeFileSync(`/proc/${pid}/autogroup`, String(STANDING_BACK));
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error;
      setTimeout(() => weighSession(pid), AGAIN_MS).unref();
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
