import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chooseFreePorts } from '@odograph/cluster/choices.fixture';
import type { ServiceName } from '@odograph/cluster/services';
import { stateFile, type UpState } from '@odograph/cluster/up-state';
import type { AskableEngine } from '@odograph/engines/ask-engine';
import { type CliRun, jsonLines, runCli } from '../cli.fixture.ts';

const ODOGRAPH = fileURLToPath(new URL('../../bin/odograph.mjs', import.meta.url));
const RECORDED = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

/** The recorded fleets are beside the project, not in it; without them the tests that read them are skipped. */
export const hasRecordedFleets = existsSync(RECORDED);
export const recorded = (path: string): string => join(RECORDED, path);

interface Ready {
  readonly endpoints: Readonly<Record<ServiceName | AskableEngine, string>>;
}

export interface Outcome {
  readonly sent: number;
  readonly accepted: number;
  readonly quarantined: number;
  readonly rejected: number;
  readonly positions: readonly string[];
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** The whole platform as a user starts it: `odograph up` as a child process with its own data directory. */
export async function startPlatform() {
  const folder = await mkdtemp(join(tmpdir(), 'odograph-e2e-'));
  const dataDir = join(folder, 'data');
  await chooseFreePorts(dataDir);
  let up = await spawnUp(dataDir);

  /** Runs a command against it, however that ends. */
  const run = (...args: string[]) => runCli(args, { env: { ODO_DATA_DIR: dataDir } });
  /** The same; throws its stderr if it failed. */
  async function odograph(...args: string[]): Promise<CliRun> {
    const ended = await run(...args);
    if (ended.code !== 0) throw new Error(`odograph ${args.join(' ')}: exit ${ended.code}\n${ended.stderr}`);
    return ended;
  }
  const json = async (...args: string[]) =>
    jsonLines((await odograph(...args, '--json')).stdout) as JsonObject[];

  return {
    folder,
    dataDir,
    run,
    odograph,
    json,
    endpoints: () => up.ready.endpoints,
    async replay(file: string, ...options: string[]): Promise<Outcome> {
      const [outcome] = await json('replay', file, '--endpoint', up.ready.endpoints.ingest, ...options);
      return outcome as unknown as Outcome;
    },
    /** The events of the log but ticks, without positions and received times. */
    /** What the vehicles reported. */
    async log(...filters: string[]): Promise<JsonObject[]> {
      const events = await json('log', 'read', ...filters);
      return events
        .filter(({ type }) => String(type).startsWith('Telemetry'))
        .map(({ position, received_at, traceparent, ...rest }) => rest);
    },
    /** The process of `odograph up`. */
    up: () => up.child,
    /** What `odograph up` has written for people. */
    screen: () => up.screen.text,
    /** The current process ids by name. */
    processes: async () => (await stateIn(dataDir)).processes,
    /** The metrics endpoint of each service by name. */
    metrics: async () => (await stateIn(dataDir)).metrics,
    async restart(): Promise<void> {
      await stopUp(up.child);
      up = await spawnUp(dataDir);
    },
    async writeFile(name: string, text: string): Promise<string> {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
    async [Symbol.asyncDispose]() {
      await stopUp(up.child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Platform = Awaited<ReturnType<typeof startPlatform>>;

async function stateIn(dataDir: string): Promise<UpState> {
  return JSON.parse(await readFile(stateFile(dataDir), 'utf8')) as UpState;
}

interface RunningUp {
  readonly child: ChildProcess;
  readonly ready: Ready;
  readonly screen: { readonly text: string };
}

async function spawnUp(dataDir: string): Promise<RunningUp> {
  const child = spawn(process.execPath, [ODOGRAPH, 'up', '--data', dataDir, '--no-fleet', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const screen = { text: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    screen.text += text;
    process.stderr.write(text);
  });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`odograph up ended with ${code}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return { child, ready: JSON.parse(line) as Ready, screen };
}

async function stopUp(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
