import type { Note } from '@odograph/engines/candidate';
import { isSystemError } from '@odograph/engines/errno';
import { systemClock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { boundLogs } from './bound-logs.ts';
import type { Child } from './child.ts';
import { type Keeping, type Kept, keepAlive } from './keep-alive.ts';
import { createRestartPolicy } from './restart-policy.ts';
import { removeUpState, type UpState, writeUpState } from './state-file.ts';

/** A part of the platform: a process, and where it is found. */
export type Part<T extends Child> = Pick<Keeping<T>, 'name' | 'start'> & {
  /** Writes down where the child is, and says so in a few words. */
  introduce(child: T, places: Places): string;
};

export interface Places {
  readonly endpoints: Record<string, string>;
  readonly metrics: Record<string, string>;
}

/** The parts that were started, in order. */
export interface Roster {
  readonly state: UpState & Places;
  /** Starts a part and keeps it alive; resolves when it can be used. @throws Fault CANCELLED once all is being stopped. */
  add<T extends Child>(part: Part<T>): Promise<void>;
  /** Rejects with a Fault when a part does not stay up; never resolves. */
  readonly failed: Promise<never>;
  /** Stops the parts, the last started first. */
  stop(): Promise<void>;
}

export function createRoster(dataDir: string, note: Note): Roster {
  const processes: Record<string, number> = {};
  const state = { endpoints: {}, metrics: {}, processes };
  const logs = new Set<string>();
  const stopBounding = boundLogs(logs);
  const started: Kept[] = [];
  let isStopping = false;
  const failure = Promise.withResolvers<never>();

  /** A full disk keeps others from finding the platform, and is no reason to end it. */
  function writeDown(now: UpState): void {
    try {
      writeUpState(dataDir, now);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      note(`where things are cannot be written down: ${error.message}`);
    }
  }

  async function add<T extends Child>({ name, start, introduce }: Part<T>): Promise<void> {
    if (isStopping) throw new Fault('CANCELLED', `${name} is not started any more`);
    const onStarted = (child: T) => {
      processes[name] = child.pid;
      logs.add(child.logFile);
      note(`${introduce(child, state)} (pid ${child.pid})`);
      writeDown(state);
    };
    const kept = keepAlive<T>({ name, start, note, policy: createRestartPolicy(systemClock), onStarted });
    started.push(kept);
    kept.ended.catch(failure.reject);
    await kept.ready;
  }

  async function stop(): Promise<void> {
    isStopping = true;
    for (const part of started.toReversed()) await part.stop();
    stopBounding();
    removeUpState(dataDir);
  }

  return { state, add, failed: failure.promise, stop };
}
