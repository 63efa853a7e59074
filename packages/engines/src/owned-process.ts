import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Fault } from '@odograph/kernel/fault';
import { openLog } from './log-file.ts';
import { endWithParent } from './parent-death.ts';
import { removePidFile, writePidFile } from './pid-file.ts';
import { standBack } from './stand-back.ts';

/** How a process ended: an exit code, or the signal that ended it. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that belongs to this one and does not outlive it. */
export interface OwnedProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process is gone, whatever the reason. */
  readonly exited: Promise<ProcessExit>;
  /** Ends it in order, by force when that takes too long. Doing it again changes nothing. */
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Hears what it sends, where it was given a channel. */
  onMessage(listener: (message: unknown) => void): void;
}

export interface OwnedLaunch {
  readonly command: readonly string[];
  /** Takes what it prints. */
  readonly logFile: string;
  /** By which the next owner finds it, should this one die without ending it. */
  readonly pidFile: string;
  /** A part of the command line that belongs to it alone. */
  readonly word: string;
  readonly stopTimeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether it can send messages, and so notice that its owner is gone. */
  readonly hasChannel?: boolean;
  /** Whether others go first while there is not processor enough for all. */
  readonly standsBack?: boolean;
}

const living = new Set<ChildProcess>();

/**
 * Starts a process of this one's own, in a session of its own: a Ctrl-C in the terminal is for the owner alone, who ends
 * what it owns in its order.
 * @throws Fault UNAVAILABLE when it cannot be run.
 */
export function startOwned(launch: OwnedLaunch): OwnedProcess {
  const { logFile, pidFile, word, stopTimeoutMs } = launch;
  const child = spawnOwned(launch);
  const exited = exitOf(child);
  const { pid } = child;
  if (pid === undefined) throw new Fault('UNAVAILABLE', `${launch.command[0]} cannot be run`);
  living.add(child);
  child.once('exit', () => {
    living.delete(child);
    removePidFile(pidFile);
  });
  try {
    writePidFile(pidFile, pid, word);
  } catch (error) {
    child.kill('SIGKILL'); // Nobody could find it again.
    throw error;
  }
  if (launch.standsBack) standBack(child);
  return {
    pid,
    logFile,
    exited,
    stop: () => stopWithin(child, exited, stopTimeoutMs),
    kill: (signal) => void child.kill(signal),
    onMessage: (listener) => void child.on('message', listener),
  };
}

function spawnOwned({ command, logFile, env = process.env, hasChannel = false }: OwnedLaunch): ChildProcess {
  const [program = '', ...args] = [...endWithParent(), ...command];
  const log = openLog(logFile);
  try {
    const stdio = ['ignore', log, log, ...(hasChannel ? (['ipc'] as const) : [])] as const;
    return spawn(program, args, { env, detached: true, stdio: [...stdio] });
  } finally {
    closeSync(log);
  }
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((done) => {
    child.once('exit', (code, signal) => done({ code, signal }));
    child.once('error', () => done({ code: null, signal: null }));
  });
}

async function stopWithin(
  child: ChildProcess,
  exited: Promise<ProcessExit>,
  timeoutMs: number,
): Promise<void> {
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await exited;
  clearTimeout(force);
}

/** Ends everything this process owns at once, as a power cut would. */
export function killOwned(): void {
  for (const child of living) child.kill('SIGKILL');
}

// Where the kernel does not end children with their parent, an exit still does.
process.once('exit', () => {
  for (const child of living) {
    child.kill('SIGTERM');
    // One that sleeps would not hear it.
    child.kill('SIGCONT');
  }
});
