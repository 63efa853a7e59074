import { join } from 'node:path';
import { holderOf } from '@odograph/cluster/data-lock';
import { platformServices } from '@odograph/cluster/services';
import { ENDED_BECAUSE, readUpLog, STOPPED, type UpLogEntry } from '@odograph/cluster/up-log';
import type { RunningPlatform } from '@odograph/cluster/up-state';
import { type AskableEngine, askableEngines } from '@odograph/engines/ask-engine';
import { engineFacts, engineKinds } from '@odograph/engines/engine-kind';
import { recordedProcess } from '@odograph/engines/pid-file';
import { processState } from '@odograph/engines/process-identity';
import { pidFile } from '@odograph/engines/start-engine';
import { isFault } from '@odograph/kernel/fault';
import { exposuresOf, hostOf } from '@odograph/platform/app/exposure';
import { readConfig } from '@odograph/platform/config/config';
import { mongoSettings, natsSettings } from '@odograph/platform/config/setting';
import { type Check, fail, ok, warn } from './check.ts';
import { checkEngine } from './engines.ts';
import { checkService } from './services.ts';

/** Whether the platform runs on a data directory, and what its engines, its services and its log say. */
export async function* checkPlatform(
  running: RunningPlatform | undefined,
  dataDir: string,
  env: NodeJS.ProcessEnv = process.env,
): AsyncGenerator<Check> {
  const log = readUpLog(dataDir);
  if (running) {
    yield checkUp(running.pid);
    yield* checkExposure(running, env);
    yield* checkRestarts(log, Date.now());
    yield* checkEngines(running, dataDir);
    yield* checkServices(running, dataDir);
  } else {
    const pid = holderOf(dataDir);
    yield pid === undefined ? notRunning(log) : nothingIsUp(pid);
    yield* checkEnginesElsewhere(env);
  }
}

/** While it is stopped, all may serve, and nothing that ends is started again. */
function checkUp(pid: number): Check {
  if (processState(pid) !== 'stopped') return ok('platform', `odograph up runs as process ${pid}`);
  return fail(
    'platform',
    `odograph up, process ${pid}, is stopped, as by Ctrl-Z: it restarts nothing`,
    `kill -CONT ${pid}`,
  );
}

async function* checkEngines(
  { endpoints, processes }: RunningPlatform,
  dataDir: string,
): AsyncGenerator<Check> {
  for (const kind of askableEngines) {
    const url = endpoints[kind];
    const pidNow = () => recordedProcess(pidFile(kind, join(dataDir, kind))) ?? processes[kind];
    if (url !== undefined) yield* ofOneProcess(pidNow, (pid) => checkEngine({ kind, url, pid }));
  }
}

/** Checks a process, and once more if it was restarted meanwhile: what listens at its address then is no other program. */
async function* ofOneProcess(
  pidNow: () => number | undefined,
  check: (pid: number | undefined) => AsyncGenerator<Check>,
): AsyncGenerator<Check> {
  const pid = pidNow();
  const checks = await Array.fromAsync(check(pid));
  const now = pidNow();
  yield* now === pid ? checks : check(now);
}

/** Those that a platform would use. */
async function* checkEnginesElsewhere(env: NodeJS.ProcessEnv): AsyncGenerator<Check> {
  for (const kind of askableEngines) {
    const { title, urlVariable } = engineFacts[kind];
    const url = env[urlVariable];
    if (!url) continue;
    const wrong = wrongIn(kind, env);
    if (wrong === undefined) yield* checkEngine({ kind, url, pid: undefined });
    else yield fail(title, wrong, `correct it, or unset it: odograph up then starts ${title} here`);
  }
}

const URL_SETTINGS = { nats: natsSettings.url, mongo: mongoSettings.url };

/** What is wrong with the URL of an engine, as a service says it; undefined if nothing is. */
function wrongIn(kind: AskableEngine, env: NodeJS.ProcessEnv): string | undefined {
  try {
    readConfig({ url: URL_SETTINGS[kind] }, env);
    return undefined;
  } catch (error) {
    if (!isFault(error, 'INVALID_INPUT')) throw error;
    return error.findings.map(({ field, description }) => `${field} ${description}`).join('; ');
  }
}

async function* checkServices(
  { endpoints, processes }: RunningPlatform,
  dataDir: string,
): AsyncGenerator<Check> {
  for (const { name } of platformServices.toReversed()) {
    const endpoint = endpoints[name];
    const pidNow = () => recordedProcess(join(dataDir, `${name}.pid`)) ?? processes[name];
    if (endpoint !== undefined)
      yield* ofOneProcess(pidNow, (pid) => {
        const started = pid === undefined ? undefined : { pid, dataDir };
        return checkService({ name, endpoint, started });
      });
    else yield fail(name, 'is not up yet', 'wait until it is, and see up.log in the data directory');
  }
}

/** What the running platform lets in from other machines. */
export function* checkExposure(
  { endpoints, metrics }: Pick<RunningPlatform, 'endpoints' | 'metrics'>,
  env: NodeJS.ProcessEnv,
): Generator<Check> {
  const [grpc, scrapes] = [endpoints['history'], metrics['history']];
  const urls = engineKinds.map((kind) => [engineFacts[kind].urlVariable, endpoints[kind]]);
  const settings = {
    ...{ ODO_GRPC_HOST: grpc && hostOf(grpc), ODO_METRICS_HOST: scrapes && hostOf(scrapes) },
    ...{ ODO_NATS_CREDENTIALS_FILE: env['ODO_NATS_CREDENTIALS_FILE'], ...Object.fromEntries(urls) },
  };
  for (const line of exposuresOf(settings))
    yield warn('exposure', line, 'there are no identities yet: see SECURITY.md');
}

/** Before the first process is up, and after the last one has ended. */
function nothingIsUp(pid: number): Check {
  return fail(
    'platform',
    `odograph up, process ${pid}, is starting or stopping: nothing is up`,
    'wait until it is, and see up.log in the data directory',
  );
}

const START = 'start it with make run, or npx odograph up';

function notRunning(log: readonly UpLogEntry[]): Check {
  const ended = log.findLast(({ message }) => message.startsWith(ENDED_BECAUSE));
  if (ended) return endedBecause(ended);
  const last = log.at(-1);
  if (last && last.message !== STOPPED)
    return fail(
      'platform',
      `no odograph up runs here; the last one ended without a word after ${last.at}: it was killed, the machine went down, or the disk was full`,
      `see the log of the kernel if nobody killed it, then ${START}`,
    );
  return warn(
    'platform',
    'no odograph up runs on this data directory',
    `${START}; if one runs on another, set ODO_DATA_DIR to that`,
  );
}

function endedBecause(ended: UpLogEntry): Check {
  const reason = ended.message.slice(ENDED_BECAUSE.length);
  return fail(
    'platform',
    `no odograph up runs here; the last one ended at ${ended.at}: ${reason}`,
    `act on the reason, then ${START}`,
  );
}

/** A process that is restarted again and again may serve just now. */
const RESTARTS_WARNED_FROM = 3;
const RECENT_MS = 10 * 60_000;
/** A note of a supervised process, such as `history was killed by SIGKILL: restarting it in 0.2 s`. */
const RESTART = /^((\S+) .*): restarting it in \S+ s$/s;
const NAMES: readonly string[] = [
  ...platformServices.map(({ name }) => name),
  ...askableEngines.flatMap((kind) => [kind, engineFacts[kind].title]),
];

/** Warns of each process that ended several times lately, with how it ended last. */
export function* checkRestarts(log: readonly UpLogEntry[], nowMs: number): Generator<Check> {
  const ends = log
    .filter(({ at }) => Date.parse(at) > nowMs - RECENT_MS)
    .flatMap(({ at, message }) => {
      const [, how, name = ''] = RESTART.exec(message) ?? [];
      return how === undefined ? [] : [{ at, how, name: NAMES.includes(name) ? name : 'platform' }];
    });
  for (const [name, own = []] of Object.entries(Object.groupBy(ends, (end) => end.name))) {
    const last = own.at(-1);
    if (own.length < RESTARTS_WARNED_FROM || !last) continue;
    const message = `${own.length} restarts within 10 minutes, last at ${last.at}: ${last.how}`;
    yield warn(
      name,
      message,
      'see up.log in the data directory, and what the log of the process says before each end',
    );
  }
}
