import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Credentials, credentialsOf, secretFile } from './credentials.ts';
import {
  type EngineKind,
  type EnginePlan,
  type EngineUser,
  engineFacts,
  type PlanInput,
} from './engine-kind.ts';
import { findBinary } from './find-engine.ts';
import { findFreePort, requireFreePort } from './free-port.ts';
import { mongoPlan } from './mongo.ts';
import { natsPlan } from './nats.ts';
import { readOwn } from './own-json.ts';
import { type OwnedProcess, type ProcessExit, startOwned } from './owned-process.ts';
import { stopAbandoned } from './pid-file.ts';
import { makePrivateFolder } from './private-files.ts';
import { ProcessFault } from './process-fault.ts';
import { redisPlan } from './redis.ts';

interface StartOptions {
  /** The folder that holds everything of this engine; it is created if it is missing. */
  readonly dataDir: string;
  /** Default: a free port. */
  readonly port?: number;
  /** What to do if another program has the port. */
  readonly portWayOut?: string;
  /** Path of the binary. Default: what {@link findBinary} finds. */
  readonly binary?: string;
  /** Who may use it besides its owner. Default: no other user. */
  readonly users?: readonly EngineUser[];
  /** Whether this process yields CPU when the machine is saturated. Default: false. */
  readonly yieldsCpu?: boolean;
}

/** An engine that this process has started. */
export interface RunningEngine extends OwnedProcess {
  readonly kind: EngineKind;
  /** With the owner's password. */
  readonly url: string;
  readonly port: number;
}

const plans: Readonly<Record<EngineKind, (input: PlanInput) => EnginePlan>> = {
  nats: natsPlan,
  mongo: mongoPlan,
  redis: redisPlan,
};

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 10;
const STOP_TIMEOUT_MS = 20_000;
/** Another program may take a free port between the choice and the use; then another port is tried. */
const PORT_ATTEMPTS = 3;

/**
 * Starts an engine on loopback and waits until it can be used. It lets no one in without a password, see `credentials.ts`.
 * @throws Fault UNAVAILABLE with its last log lines when it ends first, or is not ready within a minute.
 */
export async function startEngine(kind: EngineKind, options: StartOptions): Promise<RunningEngine> {
  const binary = options.binary ?? (await findBinary(kind)).path;
  const dataDir = resolve(options.dataDir);
  makePrivateFolder(dataDir);
  await stopAbandoned(pidFile(kind, dataDir));
  if (options.port !== undefined) await requireFreePort(options.port, options.portWayOut);
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort());
    try {
      return await startOn(kind, { ...options, binary, dataDir, port });
    } catch (error) {
      if (options.port !== undefined || attempt === PORT_ATTEMPTS || !isPortConflict(error)) throw error;
    }
  }
}

async function startOn(
  kind: EngineKind,
  {
    binary,
    dataDir,
    port,
    users = [],
    yieldsCpu,
  }: StartOptions & { readonly binary: string; readonly port: number },
): Promise<RunningEngine> {
  const url = engineFacts[kind].urlOn(port, credentialsOf(dataDir));
  const { args, isReady } = plans[kind]({ dataDir, port, users });
  const process = startOwned({
    command: [binary, ...args],
    logFile: join(dataDir, `${kind}.log`),
    pidFile: pidFile(kind, dataDir),
    word: dataDir,
    stopTimeoutMs: STOP_TIMEOUT_MS,
    yieldsCpu,
  });
  try {
    await untilReady(kind, process, isReady);
    return { kind, url, port, ...process };
  } catch (error) {
    await process.stop();
    throw error;
  }
}

async function untilReady(
  kind: EngineKind,
  started: OwnedProcess,
  isReady: EnginePlan['isReady'],
): Promise<void> {
  const { title } = engineFacts[kind];
  const deadline = performance.now() + READY_TIMEOUT_MS;
  let exit: ProcessExit | undefined;
  void started.exited.then((how) => {
    exit = how;
  });
  while (!(await isReady())) {
    if (exit) throw new ProcessFault(`${title} ended while it was starting`, started, exit.code);
    if (performance.now() > deadline)
      throw new ProcessFault(`${title} is not ready after ${READY_TIMEOUT_MS / 1_000} s`, started);
    await sleep(READY_POLL_MS);
  }
}

/** NATS, MongoDB and Redis all print the message of the operating system. */
function isPortConflict(error: unknown): boolean {
  return error instanceof Error && /address already in use/i.test(error.message);
}

/** Whether the folder of an engine still has the data, and the secret, with which it was up. */
export function isDataOf(kind: EngineKind, dataDir: string, owner: Credentials): boolean {
  const { dataName } = engineFacts[kind];
  const hasData = dataName === undefined || existsSync(join(dataDir, dataName));
  return hasData && readOwn(secretFile(dataDir)) === owner.password;
}

/** The pid file of an engine, in its folder. */
export function pidFile(kind: EngineKind, dataDir: string): string {
  return join(dataDir, `${kind}.pid`);
}
