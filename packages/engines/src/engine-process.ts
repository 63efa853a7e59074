import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EngineKind, engineFacts } from './engine-kind.ts';
import { type OwnedProcess, startOwned } from './owned-process.ts';
import { stopAbandoned } from './pid-file.ts';
import { ProcessFault } from './process-fault.ts';

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 10;
const STOP_TIMEOUT_MS = 20_000;

/** An engine that this process has started. */
export interface RunningEngine extends Omit<OwnedProcess, 'onMessage'> {
  readonly kind: EngineKind;
  readonly url: string;
  readonly port: number;
}

export interface Launch {
  readonly kind: EngineKind;
  readonly binary: string;
  readonly args: readonly string[];
  readonly url: string;
  readonly port: number;
  /** Absolute, and a part of the command line: the process is known by it. */
  readonly dataDir: string;
  /** Whether the engine can be used now. Called again and again until it says so. */
  readonly isReady: () => Promise<boolean>;
  /** Whether others go first while there is not processor enough for all. */
  readonly standsBack?: boolean;
}

/** The folder an engine keeps everything in, ready for a start: made, and free of a process left behind. */
export async function prepareDataDir(kind: EngineKind, dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  await stopAbandoned(pidFile(kind, dataDir));
}

/**
 * Starts an engine and waits until it can be used.
 * @throws Fault UNAVAILABLE with its last log lines when it ends before, or does not get ready in a minute.
 */
export async function launchEngine(launch: Launch): Promise<RunningEngine> {
  const engine = spawnEngine(launch);
  try {
    await untilReady(launch, engine);
    return engine;
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

function spawnEngine({ kind, binary, args, url, port, dataDir, standsBack = false }: Launch): RunningEngine {
  const { pid, exited, logFile, stop, kill } = startOwned({
    command: [binary, ...args],
    logFile: join(dataDir, `${kind}.log`),
    pidFile: pidFile(kind, dataDir),
    word: dataDir,
    stopTimeoutMs: STOP_TIMEOUT_MS,
    standsBack,
  });
  return { kind, url, port, pid, logFile, exited, stop, kill };
}

async function untilReady(launch: Launch, engine: RunningEngine): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  let hasExited = false;
  void engine.exited.then(() => {
    hasExited = true;
  });
  while (!(await launch.isReady())) {
    if (hasExited) throw notReady(engine, 'ended while it was starting');
    if (performance.now() > deadline)
      throw notReady(engine, `is not ready after ${READY_TIMEOUT_MS / 1000} s`);
    await sleep(READY_POLL_MS);
  }
}

function notReady({ kind, logFile }: RunningEngine, what: string): ProcessFault {
  return new ProcessFault(`${engineFacts[kind].title} ${what}`, logFile);
}

function pidFile(kind: EngineKind, dataDir: string): string {
  return join(dataDir, `${kind}.pid`);
}
