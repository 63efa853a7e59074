import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { EngineKind } from '@odograph/engines/engine-kind';
import { type RunningEngine, startEngine } from '@odograph/engines/start-engine';
import { type Db, MongoClient } from 'mongodb';
import { inject } from 'vitest';
import { makeRunDir } from './engines-setup.ts';

/** A server for one test; `await using` stops it and removes its data. */
export interface TestEngine extends RunningEngine, AsyncDisposable {
  readonly dataDir: string;
  /** Sends SIGKILL and waits until the process has ended. Its data stays. */
  kill9(): Promise<void>;
}

/** Pass both from an earlier server to start it again. The caller then removes the folder. */
interface TestEngineOptions {
  readonly dataDir?: string;
  readonly port?: number;
}

/** A NATS server with empty JetStream storage. It starts in about 100 ms. */
export async function startTestNats(options: TestEngineOptions = {}): Promise<TestEngine> {
  return await startTest('nats', { ...options, binary: inject('engines').natsBinary });
}

/** A separate MongoDB server, for tests that kill it. Other tests share one, see {@link testMongo}. */
export async function startTestMongo(options: TestEngineOptions = {}): Promise<TestEngine> {
  return await startTest('mongo', options);
}

export async function startTestRedis(options: TestEngineOptions = {}): Promise<TestEngine> {
  return await startTest('redis', options);
}

/** A connection to a new database on the shared MongoDB of the run; `await using` drops the database. */
interface TestMongo extends AsyncDisposable {
  readonly url: string;
  readonly databaseName: string;
  readonly client: MongoClient;
  readonly db: Db;
}

export async function testMongo(): Promise<TestMongo> {
  const { mongoUrl: url } = inject('engines');
  const databaseName = `test_${randomBytes(6).toString('hex')}`;
  const client = await MongoClient.connect(url);
  const db = client.db(databaseName);
  const dispose = async () => {
    await db.dropDatabase();
    await client.close();
  };
  return { url, databaseName, client, db, [Symbol.asyncDispose]: dispose };
}

async function startTest(
  kind: EngineKind,
  options: TestEngineOptions & { readonly binary?: string },
): Promise<TestEngine> {
  const dataDir = options.dataDir ?? (await makeRunDir());
  const engine = await startEngine(kind, { ...options, dataDir });
  const kill9 = async () => {
    engine.kill('SIGKILL');
    await engine.exited;
  };
  const dispose = async () => {
    await engine.stop();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  return { ...engine, dataDir, kill9, [Symbol.asyncDispose]: dispose };
}
