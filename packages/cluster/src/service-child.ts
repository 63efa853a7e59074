import { type OwnedProcess, startOwned } from '@odograph/engines/owned-process';
import { stopAbandoned } from '@odograph/engines/pid-file';
import { ProcessFault } from '@odograph/engines/process-fault';
import { Fault } from '@odograph/kernel/fault';
import { NODE_FLAGS } from '@odograph/platform/app/node-flags';
import { isReadyMessage, type ServiceEndpoints } from '@odograph/platform/app/ready-message';
import { type Child, describeExit } from './child.ts';

/** A service may have a lot to read before it can answer. */
const READY_TIMEOUT_MS = 120_000;
/** What a service may take to finish what it has accepted. */
const DRAIN_TIMEOUT_MS = 20_000;

export interface ServiceLaunch {
  readonly name: string;
  /** The service's start file. */
  readonly main: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly pidFile: string;
  /** Whether others go first while there is not processor enough for all. */
  readonly standsBack: boolean;
}

export interface ServiceChild extends Child, Pick<OwnedProcess, 'kill'> {
  readonly endpoints: ServiceEndpoints;
}

/**
 * Starts a service as a process of its own and waits until it says that it is ready. The channel it says so on is also
 * how it notices that its parent is gone.
 * @throws Fault UNAVAILABLE with its last log lines when it ends before or does not get ready, CANCELLED by the signal.
 */
export async function startService(launch: ServiceLaunch, signal: AbortSignal): Promise<ServiceChild> {
  const { main, env, logFile, pidFile, standsBack } = launch;
  await stopAbandoned(pidFile);
  const service = startOwned({
    command: [process.execPath, ...NODE_FLAGS, main],
    hasChannel: true,
    word: main,
    stopTimeoutMs: DRAIN_TIMEOUT_MS,
    ...{ env, logFile, pidFile, standsBack },
  });
  try {
    return { ...service, endpoints: await untilReady(launch, service, signal) };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

async function untilReady(
  { name, logFile }: ServiceLaunch,
  service: OwnedProcess,
  signal: AbortSignal,
): Promise<ServiceEndpoints> {
  const outcome = Promise.withResolvers<ServiceEndpoints>();
  const failWith = (what: string) => {
    outcome.reject(new ProcessFault(`${name} ${what}`, logFile));
  };
  const cancel = () => outcome.reject(new Fault('CANCELLED', `${name} was stopped while it was starting`));
  const late = () => failWith(`is not ready after ${READY_TIMEOUT_MS / 1000} s`);

  const timeout = setTimeout(late, READY_TIMEOUT_MS);
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();
  void service.exited.then((exit) => failWith(`${describeExit(exit)} while it was starting`));
  service.onMessage((message) => {
    if (isReadyMessage(message)) outcome.resolve(message.endpoints);
  });
  try {
    return await outcome.promise;
  } finally {
    clearTimeout(timeout);
    signal.removeEventListener('abort', cancel);
  }
}
