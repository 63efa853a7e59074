import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Note } from '@odograph/engines/candidate';
import { engineKinds } from '@odograph/engines/engine-kind';
import { isSystemError } from '@odograph/engines/errno';
import { findEngine } from '@odograph/engines/find-engine';
import { stopAbandoned } from '@odograph/engines/pid-file';
import { pidFile } from '@odograph/engines/start-engine';
import { exposuresOf } from '@odograph/platform/app/exposure';
import { maskPassword } from '@odograph/platform/config/setting';
import { boundLogs } from './bound-logs.ts';
import { readChoices, writeChoices } from './choices.ts';
import { lockDataDir } from './data-lock.ts';
import { type Platform, planPlatform } from './platform.ts';
import { choosePort, type Ports, usualPorts } from './ports.ts';
import { UP_LIMITS } from './restart-policy.ts';
import type { ServiceSpec } from './services.ts';
import { STREAM_SIZE, streamSizeOf } from './stream-size.ts';
import type { Child } from './supervised-process.ts';
import { ENDED_BECAUSE, openUpLog, STARTING, STOPPED, STOPPING } from './up-log.ts';
import { removeUpState, type UpState, writeUpState } from './up-state.ts';

export interface UpOptions {
  readonly dataDir: string;
  readonly services: readonly ServiceSpec[];
  /** The ports that are given. Default: those of the last start on the same data, or the usual ones. */
  readonly ports: Ports;
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
  log(STARTING);
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
    log(`${ENDED_BECAUSE}${error instanceof Error ? error.message : String(error)}`);
    throw error;
  } finally {
    ending.abort();
    log(STOPPING);
    await Promise.allSettled([view]);
    await platform?.stop();
    log(STOPPED);
    stopBounding();
    removeUpState(dataDir);
    unlock();
  }
}

type OnUp = (name: string, child: Child) => void;

async function plan(options: UpOptions, onUp: OnUp, onGivenUp: (error: unknown) => void): Promise<Platform> {
  const { dataDir, services, ports: given, partitions, env, note } = options;
  await endAbandoned(options);
  for (const line of exposuresOf(env)) note(`warning: ${line}; see SECURITY.md`);
  const earlier = readChoices(dataDir);
  const usual = { ...usualPorts(services), ...earlier.ports };
  const ports = { ...earlier.ports };
  const { bavail, bsize } = statfsSync(dataDir);
  const streamMaxBytes = streamSizeOf(options, bavail * bsize);
  const platform = await planPlatform({
    ...{ dataDir, partitions, note, onUp, onGivenUp, limits: UP_LIMITS },
    instances: services.map((service) => ({ service, name: service.name })),
    env: { ...upSettings(services), ...env, [STREAM_SIZE]: env[STREAM_SIZE] || streamMaxBytes?.toString() },
    findEngine: (kind) => findEngine(kind, env, note),
    choosePort: async (name) => {
      const port = await choosePort(name, { given, usual, note });
      if (given[name] === undefined) ports[name] = port;
      return port;
    },
  });
  tryToWrite('the choice of ports', note, () => writeChoices(dataDir, { ports, streamMaxBytes }));
  return platform;
}

function upSettings(services: UpOptions['services']): NodeJS.ProcessEnv {
  return Object.assign({}, ...services.map((service) => service.upSettings));
}

/** Ends what a killed `up` left behind, the services first, so that their ports are free. */
async function endAbandoned({ dataDir, services }: UpOptions): Promise<void> {
  for (const { name } of services) await stopAbandoned(join(dataDir, `${name}.pid`));
  for (const kind of engineKinds) await stopAbandoned(pidFile(kind, join(dataDir, kind)));
}

function metricsAt({ metrics }: Child): string {
  return metrics === undefined ? '' : `, metrics at http://${metrics}/metrics`;
}

/** On a full disk a file that other commands or the next start read is missing, but the platform goes on. */
function tryToWrite(what: string, note: Note, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    note(`${what} cannot be written: ${error.message}`);
  }
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
    note(`${child.title} is up: ${child.endpoint} (pid ${child.pid})${metricsAt(child)}`);
    tryToWrite('up.json', note, () => writeUpState(dataDir, state));
  };
  return { endpoints, state, logs, onUp };
}
