import { join } from 'node:path';
import { lastLines } from '@odograph/engines/log-file';
import { parseOwn } from '@odograph/engines/own-json';
import { type OwnedProcess, startOwned } from '@odograph/engines/owned-process';
import { stopAbandoned } from '@odograph/engines/pid-file';
import { ProcessFault, type ProcessLog } from '@odograph/engines/process-fault';
import { Fault } from '@odograph/kernel/fault';
import { NODE_FLAGS } from '@odograph/platform/app/node-flags';
import { STANDSTILL_MESSAGE } from '@odograph/platform/app/standstill';
import { isReadyMessage, refusalOf, type ServiceEndpoints } from '@odograph/platform/app/start-message';
import * as v from 'valibot';
import type { ServiceSpec } from './services.ts';
import { type Child, describeExit } from './supervised-process.ts';

/** A service may have to read a lot before it is ready. */
const READY_TIMEOUT_MS = 120_000;
/** How long a service may take to finish the work that it has accepted. */
const DRAIN_TIMEOUT_MS = 20_000;

interface ServiceLaunch {
  /** The name of the instance. */
  readonly name: string;
  readonly service: Pick<ServiceSpec, 'main' | 'yieldsCpu'>;
  /** The folder of its log and its pid file. */
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Starts a service as a child process and waits for its ready message on the IPC channel. The service also notices by
 * this channel that its parent is gone.
 * @throws Fault UNAVAILABLE with its last log lines when it ends first or is not ready in time, CANCELLED by the signal,
 *   and its own Fault when it refuses to start.
 */
export async function startService(launch: ServiceLaunch, signal: AbortSignal): Promise<Child> {
  const { name, service, dataDir, env } = launch;
  const pidFile = join(dataDir, `${name}.pid`);
  await stopAbandoned(pidFile);
  const owned = startOwned({
    command: [process.execPath, ...NODE_FLAGS, service.main],
    hasChannel: true,
    word: service.main,
    stopTimeoutMs: DRAIN_TIMEOUT_MS,
    logFile: join(dataDir, `${name}.log`),
    yieldsCpu: service.yieldsCpu,
    ...{ env, pidFile },
  });
  const child = { ...owned, exited: owned.exited.then((exit) => ({ ...exit, why: standstillOf(owned) })) };
  try {
    const { grpc, metrics } = await untilReady(name, child, signal);
    return { ...child, title: name, endpoint: grpc, metrics };
  } catch (error) {
    if (signal.reason === 'SIGKILL') child.kill('SIGKILL');
    await child.stop();
    throw error;
  }
}

async function untilReady(
  name: string,
  child: ProcessLog & Pick<OwnedProcess, 'onMessage'> & Pick<Child, 'exited'>,
  signal: AbortSignal,
): Promise<ServiceEndpoints> {
  const { promise, resolve, reject } = Promise.withResolvers<ServiceEndpoints>();
  const failWith = (what: string) => reject(new ProcessFault(`${name} ${what}`, child));
  const cancel = () => reject(new Fault('CANCELLED', `${name} was stopped while it was starting`));
  const late = () => failWith(`is not ready after ${READY_TIMEOUT_MS / 1000} s`);
  const timeout = setTimeout(late, READY_TIMEOUT_MS);
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();
  void child.exited.then((exit) => failWith(`${describeExit(exit)} while it was starting`));
  child.onMessage((message) => {
    if (isReadyMessage(message)) resolve(message.endpoints);
    const refusal = refusalOf(message);
    if (refusal) reject(new Fault(refusal.code, `${name}: ${refusal.message}`));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timeout);
    signal.removeEventListener('abort', cancel);
  }
}

const standstillLine = v.object({
  pid: v.number(),
  msg: v.literal(STANDSTILL_MESSAGE),
  err: v.object({ message: v.string() }),
});

/** Why a service has ended itself, which is then the last line of its log; undefined if it ended otherwise. */
function standstillOf({ logFile, pid }: Pick<OwnedProcess, 'logFile' | 'pid'>): string | undefined {
  const line = parseOwn(standstillLine, lastLines(logFile, 1)[0] ?? '');
  return line?.pid === pid ? line.err.message : undefined;
}
