import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary, findEngine } from '@odograph/engines/find-engine';
import { isRunning } from '@odograph/engines/process-identity';
import { startEngine } from '@odograph/engines/start-engine';
import type { TestProject } from 'vitest/node';

/** What the tests of a run get from vitest's `inject('engines')`. */
interface RunEngines {
  readonly mongoUrl: string;
  /** For tests that start their own server. */
  readonly natsBinary: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly engines: RunEngines;
  }
}

interface Shared extends RunEngines {
  stop(): Promise<void>;
}

/** One set of engines for each run. Every vitest project loads this module again, so the set is a global. */
interface Run {
  shared: Promise<Shared> | undefined;
  users: number;
}

const key = Symbol.for('odograph.test-engines');
const global = globalThis as { [key]?: Run };
global[key] ??= { shared: undefined, users: 0 };
const run: Run = global[key];

export async function setup(project: TestProject): Promise<void> {
  run.users += 1;
  run.shared ??= startShared();
  const { mongoUrl, natsBinary } = await run.shared;
  project.provide('engines', { mongoUrl, natsBinary });
}

export async function teardown(): Promise<void> {
  run.users -= 1;
  if (run.users > 0) return;
  const shared = run.shared;
  run.shared = undefined;
  await (await shared)?.stop();
}

async function startShared(): Promise<Shared> {
  const [nats, mongo] = await Promise.all([findBinary('nats'), findEngine('mongo')]);
  if (mongo.kind === 'url') {
    return { natsBinary: nats.path, mongoUrl: mongo.url, stop: () => Promise.resolve() };
  }
  await removeAbandoned();
  const dataDir = await makeRunDir();
  const server = await startEngine('mongo', { dataDir, binary: mongo.path });
  const stop = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { natsBinary: nats.path, mongoUrl: server.url, stop };
}

const RUN_PREFIX = 'odograph-run-';

/** Creates a temporary folder. If this run is killed, the next run removes the folder. */
export async function makeRunDir(): Promise<string> {
  return await mkdtemp(join(tmpdir(), `${RUN_PREFIX}${process.pid}-`));
}

/** Removes the folders of runs that were killed. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(RUN_PREFIX) ? Number.parseInt(name.slice(RUN_PREFIX.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
