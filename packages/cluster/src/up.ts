import type { Note } from '@odograph/engines/candidate';
import { isSystemError } from '@odograph/engines/errno';
import { findEngine } from '@odograph/engines/find-engine';
import { maskPassword } from '@odograph/platform/config/setting';
import { boundLogs } from './bound-logs.ts';
import { lockDataDir } from './data-lock.ts';
import { type Platform, planPlatform } from './platform.ts';
import { UP_LIMITS } from './restart-policy.ts';
import type { ServiceSpec } from './services.ts';
import type { Child } from './supervised-process.ts';
import { removeUpState, type UpState, writeUpState } from './up-state.ts';

export interface UpOptions {
  readonly dataDir: string;
  readonly services: readonly ServiceSpec[];
  /** The port of a service by its name. Default: a free port. */
  readonly ports: Readonly<Record<string, number | undefined>>;
  readonly partitions: number;
  /** The environment of the services; it may name engines that run elsewhere. */
  readonly env: NodeJS.ProcessEnv;
  readonly note: Note;
}

/**
 * Runs the platform on a data directory until the signal is aborted; then it stops the services, and the engines last.
 * @param whileUp is called when all processes are up, and may return before the signal is aborted.
 * @throws Fault when a process does not start or stay up; RULE_VIOLATED when the data directory is in use.
 */
export async function runPlatform(
  options: UpOptions,
  signal: AbortSignal,
  whileUp: (state: UpState, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { dataDir } = options;
  const unlock = lockDataDir(dataDir);
  const stopped = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
  const failure = Promise.withResolvers<never>();
  const { endpoints, state, logs, onUp } = createRecord(options);
  const stopBounding = boundLogs(logs);
  let platform: Platform | undefined;

  async function run(): Promise<void> {
    platform = await plan(options, onUp, failure.reject);
    if (signal.aborted) return;
    for (const { name, url, process } of platform.engines) if (!process) endpoints[name] = maskPassword(url);
    await platform.start();
    if (!signal.aborted) await whileUp(state, signal);
    await stopped;
  }

  try {
    await Promise.race([run(), failure.promise, stopped]);
  } finally {
    await platform?.stop();
    stopBounding();
    removeUpState(dataDir);
    unlock();
  }
}

type OnUp = (name: string, child: Child) => void;

function plan(options: UpOptions, onUp: OnUp, onGivenUp: (error: unknown) => void): Promise<Platform> {
  const { dataDir, services, ports, partitions, env, note } = options;
  return planPlatform({
    ...{ dataDir, partitions, env, note, onUp, onGivenUp, limits: UP_LIMITS },
    instances: services.map((service) => ({ service, name: service.name, port: ports[service.name] })),
    findEngine: (kind) => findEngine(kind, env, note),
  });
}

/** Records where the processes are, in memory and in up.json. */
function createRecord({ dataDir, note }: UpOptions) {
  const endpoints: Record<string, string> = {};
  const metrics: Record<string, string> = {};
  const processes: Record<string, number> = {};
  const state: UpState = { endpoints, metrics, processes };
  const logs = new Set<string>();
  const onUp: OnUp = (name, child) => {
    endpoints[name] = child.endpoint;
    if (child.metrics !== undefined) metrics[name] = child.metrics;
    processes[name] = child.pid;
    logs.add(child.logFile);
    note(`${child.title} is up: ${child.endpoint} (pid ${child.pid})`);
    try {
      writeUpState(dataDir, state);
    } catch (error) {
      // On a full disk other commands cannot find the platform, but it goes on.
      if (!isSystemError(error)) throw error;
      note(`up.json cannot be written: ${error.message}`);
    }
  };
  return { endpoints, state, logs, onUp };
}
