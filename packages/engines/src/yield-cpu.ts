import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { isErrno, isSystemError } from './errno.ts';

/** Steps of niceness. A process that yields gets a third of the CPU of one that does not, when both want all of it. */
export const YIELD_NICENESS = 5;
/** One that yields all gets hardly any CPU that another one wants. */
export const MAX_NICENESS = 19;

/** The kernel accepts a change of a session's niceness from a user once in 100 ms. */
const RETRY_MS = 150;

/** A process that was just started, in its own session. */
type Started = Pick<ChildProcess, 'pid' | 'exitCode' | 'signalCode'>;

/**
 * Lowers the priority of a process, so that it yields CPU when the machine is saturated (docs/decisions/010). A system
 * that does not allow this gives all processes the same share.
 */
export function yieldCpu(child: Started, niceness = YIELD_NICENESS): void {
  const { pid } = child;
  if (pid === undefined) return;
  ifAllowed(() => setPriority(pid, Math.min(MAX_NICENESS, getPriority(pid) + niceness)));
  setSessionNiceness(child, { file: `/proc/${pid}/autogroup`, niceness });
}

/** Linux weighs sessions against each other, and niceness only inside a session: sched(7), "The autogroup feature". */
function setSessionNiceness(
  child: Started,
  session: { readonly file: string; readonly niceness: number },
): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  ifAllowed(() => {
    try {
      writeFileSync(session.file, String(session.niceness));
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error;
      setTimeout(() => setSessionNiceness(child, session), RETRY_MS).unref();
    }
  });
}

/** The process may have ended, the system may not be Linux, or a container may hide the file. */
function ifAllowed(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}
