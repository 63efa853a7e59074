import { setTimeout as sleep } from 'node:timers/promises';
import { isSystemError } from '@odograph/engines/errno';
import { Fault, isFault } from '@odograph/kernel/fault';
import { type Child, describeExit } from './child.ts';
import { withLastLines } from './log-tail.ts';
import type { RestartPolicy } from './restart-policy.ts';

export interface Keeping<T extends Child> {
  readonly name: string;
  readonly policy: RestartPolicy;
  /** Starts it where it was before: the same port, the same data. */
  start(signal: AbortSignal): Promise<T>;
  /** Called after each start. */
  onStarted(child: T): void;
  /** Takes lines for people. */
  report(line: string): void;
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
  const { name, policy, report } = keeping;
  const stopping = new AbortController();
  const ready = Promise.withResolvers<void>();
  let current: T | undefined;

  /** @returns how it ended. */
  async function live(): Promise<Ending> {
    try {
      current = await keeping.start(stopping.signal);
    } catch (error) {
      if (isFault(error) || isSystemError(error))
        return { what: headOf(error.message), details: error.message };
      throw error;
    }
    if (stopping.signal.aborted) await current.stop();
    else keeping.onStarted(current);
    ready.resolve();
    const what = `${name} ${describeExit(await current.exited)}`;
    return { what, details: withLastLines(what, current.logFile) };
  }

  async function keep(): Promise<void> {
    while (!stopping.signal.aborted) {
      const { what, details } = await live();
      if (stopping.signal.aborted) return;
      const delayMs = policy.afterDeath();
      if (delayMs === undefined)
        throw new Fault('UNAVAILABLE', `${details}\n${name} does not stay up: giving up`);
      report(`${what}: starting it again in ${delayMs / 1000} s`);
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
  /** In a line. */
  readonly what: string;
  /** With the last lines of its log. */
  readonly details: string;
}

/** A message without the log lines below it, and without the words that lead over to them. */
function headOf(message: string): string {
  return message.replace(/(; [^;\n]*:)?\n.*$/s, '');
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
