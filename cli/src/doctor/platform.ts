import { join } from 'node:path';
import { holderOf } from '@odograph/cluster/data-lock';
import { platformServices } from '@odograph/cluster/services';
import { readUpLog, type UpLogEntry } from '@odograph/cluster/up-log';
import type { RunningPlatform } from '@odograph/cluster/up-state';
import { type AskableEngine, askableEngines } from '@odograph/engines/ask-engine';
import { engineFacts, engineKinds } from '@odograph/engines/engine-kind';
import { recordedProcess } from '@odograph/engines/pid-file';
import { pidFile } from '@odograph/engines/start-engine';
import { isFault } from '@odograph/kernel/fault';
import { exposuresOf, hostOf } from '@odograph/platform/app/exposure';
import { readConfig } from '@odograph/platform/config/config';
import { mongoSettings, natsSettings, redisSettings } from '@odograph/platform/config/setting';
import { type Check, fail, warn } from './check.ts';
import { checkEngine } from './engines.ts';
import { checkService } from './services.ts';
import { checkRestarts, checkUp, isStopping, notRunning, notUpYet } from './up.ts';

/** Whether the platform runs on a data directory, and what its engines, its services and its log say. */
export async function* checkPlatform(
  running: RunningPlatform | undefined,
  dataDir: string,
  env: NodeJS.ProcessEnv = process.env,
): AsyncGenerator<Check> {
  const log = readUpLog(dataDir);
  const pid = running?.pid ?? holderOf(dataDir);
  yield pid === undefined ? notRunning(log) : checkUp({ pid, isUp: running !== undefined, log });
  if (!running) yield* checkEnginesElsewhere(env);
  if (!running || isStopping(log)) return;
  yield* checkExposure(running, env);
  yield* checkRestarts(log, Date.now());
  yield* checkEngines(running, dataDir, log);
  yield* checkServices(running, dataDir, log);
}

async function* checkEngines(
  { endpoints, processes }: RunningPlatform,
  dataDir: string,
  log: readonly UpLogEntry[],
): AsyncGenerator<Check> {
  for (const kind of askableEngines) {
    const url = endpoints[kind];
    const pidNow = () => recordedProcess(pidFile(kind, join(dataDir, kind))) ?? processes[kind];
    if (url !== undefined) yield* ofOneProcess(pidNow, (pid) => checkEngine({ kind, url, pid }));
    else if (!engineFacts[kind].isOptional) yield notUpYet(engineFacts[kind].title, log);
  }
}

/** Checks a process, and once more if it was restarted meanwhile: the new one listens at its address, not another program. */
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

const URL_SETTINGS = { nats: natsSettings.url, mongo: mongoSettings.url, redis: redisSettings.url };

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
  log: readonly UpLogEntry[],
): AsyncGenerator<Check> {
  for (const { name } of platformServices.toReversed()) {
    const endpoint = endpoints[name];
    const pidNow = () => recordedProcess(join(dataDir, `${name}.pid`)) ?? processes[name];
    if (endpoint !== undefined)
      yield* ofOneProcess(pidNow, (pid) => {
        const started = pid === undefined ? undefined : { pid, dataDir };
        return checkService({ name, endpoint, started });
      });
    else yield notUpYet(name, log);
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
