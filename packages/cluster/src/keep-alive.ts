import type { Note } from '@odograph/engines/candidate';
import { isSystemError } from '@odograph/engines/errno';
import { ProcessFault } from '@odograph/engines/process-fault';
import { pause } from '@odograph/kernel/clock';
import { Fault, isFault } from '@odograph/kernel/fault';
import { type Child, describeExit } from './child.ts';
import type { RestartPolicy } from './restart-policy.ts';

export interface Keeping<T extends Child> {
  readonly name: string;
  readonly policy: RestartPolicy;
  /** Starts it where it was before: the same port, the same data. */
  start(signal: AbortSignal): Promise<T>;
  /** Called after each start. */
  onStarted(child: T): void;
  readonly note: Note;
}

/** A part of the platform that is started again whenever it dies. */
export interface Kept {
  /** Resolves when it can be used for the first time, rejects when it gives up before. */
  readonly ready: Promise<void>;
  /** Resolves once it was stopped; rejects with a Fault and the last log lines when it has died too often. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export function keepAlive<T extends Child>(keeping: Keeping<T>): Kept {
  const { name, policy, note } = keeping;
  const stopping = new AbortController();
  const ready = Promise.withResolvers<void>();
  let current: T | undefined;

  /** @returns how it ended. */
  async function live(): Promise<Ending> {
    try {
      current = await keeping.start(stopping.signal);
    } catch (error) {
      if (!isFault(error) && !isSystemError(error)) throw error;
      const { message: details } = error;
      return { headline: error instanceof ProcessFault ? error.headline : details, details };
    }
    if (stopping.signal.aborted) await current.stop();
    else keeping.onStarted(current);
    ready.resolve();
    const { headline, message } = new ProcessFault(
      `${name} ${describeExit(await current.exited)}`,
      current.logFile,
    );
    return { headline, details: message };
  }

  async function keep(): Promise<void> {
    while (!stopping.signal.aborted) {
      const { headline, details } = await live();
      if (stopping.signal.aborted) return;
      const delayMs = policy.afterDeath();
      if (delayMs === undefined)
        throw new Fault('UNAVAILABLE', `${details}\n${name} does not stay up: giving up`);
      note(`${headline}: starting it again in ${delayMs / 1000} s`);
      await pause(delayMs, stopping.signal);
    }
  }

  const ended = keep();
  ended.then(ready.resolve, ready.reject);
  const stop = async () => {
    stopping.abort();
    await current?.stop();
    await Promise.allSettled([ended]);
  };
  return { ready: ready.promise, ended, stop };
}

interface Ending {
  readonly headline: string;
  /** The same, with the last lines of its log. */
  readonly details: string;
}
