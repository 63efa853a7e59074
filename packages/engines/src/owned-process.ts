import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync } from 'node:fs';
import { Fault } from '@odograph/kernel/fault';
import { openLog } from './log-file.ts';
import { endWithParent } from './parent-death.ts';
import { removePidFile, writePidFile } from './pid-file.ts';
import { privately } from './private-files.ts';
import { yieldCpu } from './yield-cpu.ts';

/** How a process ended: an exit code, or the signal that ended it. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process that does not outlive this process. */
export interface OwnedProcess {
  readonly pid: number;
  readonly logFile: string;
  /** The bytes that the log had before this process. */
  readonly logFrom: number;
  /** Resolves when the process has ended, for any reason. */
  readonly exited: Promise<ProcessExit>;
  /** Sends SIGTERM, and SIGKILL after a timeout; resolves when the process has ended. Safe to repeat. */
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Receives the messages of a process that was started with a channel. */
  onMessage(listener: (message: unknown) => void): void;
}

interface OwnedLaunch {
  readonly command: readonly string[];
  /** Receives stdout and stderr. */
  readonly logFile: string;
  /** The next owner finds the process by this file if this owner dies first. */
  readonly pidFile: string;
  /** A part of the command line that no other process has. */
  readonly word: string;
  readonly stopTimeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether it gets an IPC channel: it can send messages, and it notices when its owner is gone. */
  readonly hasChannel?: boolean;
  /** Whether this process yields CPU when the machine is saturated. */
  readonly yieldsCpu?: boolean | undefined;
}

const running = new Set<ChildProcess>();

/**
 * Starts a child process in its own session: Ctrl-C in the terminal reaches only the owner, which ends its processes in
 * order.
 * @throws Fault UNAVAILABLE when the program cannot be run.
 */
export function startOwned(launch: OwnedLaunch): OwnedProcess {
  const { logFile, pidFile, word, stopTimeoutMs } = launch;
  const log = openLog(logFile);
  const logFrom = fstatSync(log).size;
  const child = spawnOwned(launch, log);
  const exited = exitOf(child);
  const { pid } = child;
  if (pid === undefined) throw new Fault('UNAVAILABLE', `${launch.command[0]} cannot be run`);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    removePidFile(pidFile);
  });
  try {
    writePidFile(pidFile, pid, word);
  } catch (error) {
    child.kill('SIGKILL'); // Without the file the next owner could not find it.
    throw error;
  }
  if (launch.yieldsCpu) yieldCpu(child);
  return {
    pid,
    logFile,
    logFrom,
    exited,
    stop: () => stopWithin(child, exited, stopTimeoutMs),
    kill: (signal) => void child.kill(signal),
    onMessage: (listener) => void child.on('message', listener),
  };
}

function spawnOwned(
  { command, env = process.env, hasChannel = false }: OwnedLaunch,
  log: number,
): ChildProcess {
  const [program = '', ...args] = [...endWithParent(), ...command];
  try {
    const stdio = ['ignore', log, log, ...(hasChannel ? (['ipc'] as const) : [])] as const;
    return privately(() => spawn(program, args, { env, detached: true, stdio: [...stdio] }));
  } finally {
    closeSync(log);
  }
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((done) => {
    // Unlike 'exit', it comes after the last message of its channel.
    child.once('close', (code, signal) => done({ code, signal }));
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

/** Sends SIGKILL to every process that this one has started. */
export function killOwned(): void {
  for (const child of running) child.kill('SIGKILL');
}

// On systems where the kernel does not end children with their parent, an exit of the parent still does.
process.once('exit', () => {
  for (const child of running) {
    child.kill('SIGTERM');
    // A stopped process handles SIGTERM only after SIGCONT.
    child.kill('SIGCONT');
  }
});
