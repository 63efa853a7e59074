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
import { openUpLog } from './up-log.ts';
import { removeUpState, type UpState, writeUpState } from './up-state.ts';

export interface UpOptions {
  readonly dataDir: string;
  readonly services: readonly ServiceSpec[];
  /** The port of a service by its name. Default: a free port. */
  readonly ports: Readonly<Record<string, number | undefined>>;
  /** Of a new log. Default: what ODO_PARTITIONS says, or what the log has. */
  readonly partitions?: number | undefined;
  /** The environment of the services; it may name engines that run elsewhere. */
  readonly env: NodeJS.ProcessEnv;
  readonly note: Note;
}

/**
 * Runs the platform on a data directory until the signal is aborted; then it stops the services, and the engines last.
 * What it notes, and why it ended, is also in up.log: a live view leaves no room for lines on the terminal.
 * @param whileUp is called when all processes are up, and may return at once. Its signal is aborted when the platform
 *   ends for any reason, and the platform waits for it.
 * @throws Fault when a process does not start or stay up; RULE_VIOLATED when the data directory is in use.
 */
export async function runPlatform(
  options: UpOptions,
  signal: AbortSignal,
  whileUp: (state: UpState, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { dataDir } = options;
  const unlock = lockDataDir(dataDir);
  const log = openUpLog(dataDir, options.note);
  const note: Note = (line) => {
    options.note(line);
    log(line);
  };
  const ending = new AbortController();
  signal.addEventListener('abort', () => ending.abort(), { once: true });
  const ended = new Promise<void>((done) => ending.signal.addEventListener('abort', () => done()));
  const failure = Promise.withResolvers<never>();
  const { endpoints, state, logs, onUp } = createRecord(dataDir, note);
  const stopBounding = boundLogs(logs);
  let platform: Platform | undefined;
  let view: Promise<void> | undefined;

  async function run(): Promise<void> {
    platform = await plan({ ...options, note }, onUp, failure.reject);
    if (ending.signal.aborted) return;
    for (const { name, url, process } of platform.engines) if (!process) endpoints[name] = maskPassword(url);
    await platform.start();
    if (ending.signal.aborted) return;
    view = whileUp(state, ending.signal);
    await view;
    await ended;
  }

  try {
    await Promise.race([run(), failure.promise, ended]);
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    ending.abort();
    await Promise.allSettled([view]);
    await platform?.stop();
    log('stopped');
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
function createRecord(dataDir: string, note: Note) {
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
