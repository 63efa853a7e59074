import { setTimeout as delay } from 'node:timers/promises';
import type { OwnedProcess } from '@odograph/engines/owned-process';
import { Fault, isFault } from '@odograph/kernel/fault';

/** A process of a cluster, wherever it is in its life. Started again, it is where it was: the same port, the same data. */
export interface ClusterNode {
  readonly name: string;
  /** Undefined while it does not run. */
  pid(): number | undefined;
  /** How often it ended without having been told to. */
  crashes(): number;
  /** Starts it unless it runs, and resolves once it can be used; what ends while it starts is started again. */
  start(): Promise<void>;
  /** kill -9; resolves once it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** An orderly end. */
  stop(): Promise<void>;
}

/** What runs in a node. */
export type NodeProcess = Pick<OwnedProcess, 'pid' | 'exited' | 'kill' | 'stop'>;

const START_WITHIN_MS = 90_000;
/** As what supervises services waits before it starts one again. */
const RESTART_MS = 100;

/** @param launch starts the process, and resolves once it can be used. */
export function clusterNode(name: string, launch: () => Promise<NodeProcess>): ClusterNode {
  let running: NodeProcess | undefined;
  let starting: Promise<void> | undefined;
  let isWanted = false;
  let crashes = 0;

  async function launchUntilUp(): Promise<void> {
    const deadlineAtMs = performance.now() + START_WITHIN_MS;
    while (isWanted) {
      try {
        adopt(await launch());
        return;
      } catch (error) {
        if (!isFault(error, 'UNAVAILABLE') || performance.now() > deadlineAtMs) throw error;
        await delay(RESTART_MS);
      }
    }
  }

  function adopt(started: NodeProcess): void {
    running = started;
    void started.exited.then(() => {
      if (running !== started) return;
      running = undefined;
      if (!isWanted) return;
      crashes += 1;
      // Whoever waits for the node starts it too, and hears of what goes wrong.
      begin().catch(() => undefined);
    });
  }

  function begin(): Promise<void> {
    starting ??= launchUntilUp().finally(() => {
      starting = undefined;
    });
    return starting;
  }

  /** What is starting is let come up first: only then has it a process that can be ended. */
  async function end(how: (process: NodeProcess) => Promise<unknown>): Promise<void> {
    isWanted = false;
    await Promise.allSettled([starting]);
    if (running) await how(running);
  }

  return {
    name,
    pid: () => running?.pid,
    crashes: () => crashes,
    async start() {
      isWanted = true;
      if (!running) await begin();
      if (!running) throw new Fault('CANCELLED', `${name} was stopped while it was starting`);
    },
    kill: () =>
      end((process) => {
        process.kill('SIGKILL');
        return process.exited;
      }),
    pause: () => running?.kill('SIGSTOP'),
    resume: () => running?.kill('SIGCONT'),
    stop: () =>
      end((process) => {
        process.kill('SIGCONT');
        return process.stop();
      }),
  };
}
