import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { engineKinds } from './engine-kind.ts';
import { commandLine, isRunning } from './process-identity.ts';
import { startEngine } from './start-engine.ts';
import { ask } from './tcp-ask.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-engines-'));
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return { server, port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

async function insert(url: string, name: string): Promise<void> {
  await using client = await MongoClient.connect(url);
  await client
    .db('kept')
    .collection<{ _id: string }>('things')
    .insertOne({ _id: name }, { writeConcern: { w: 'majority', j: true } });
}

async function names(url: string): Promise<readonly string[]> {
  await using client = await MongoClient.connect(url);
  const things = client.db('kept').collection<{ _id: string }>('things');
  return (await things.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
}

describe('MongoDB', () => {
  test('keeps its data over a restart, over kill -9, and takes writes again on another port', async () => {
    const first = await startEngine('mongo', { dataDir: place });
    await insert(first.url, 'before a stop');
    await first.stop();

    const second = await startEngine('mongo', { dataDir: place });
    expect(second.port).not.toBe(first.port);
    await insert(second.url, 'before kill -9');
    second.kill('SIGKILL');
    await second.exited;

    const third = await startEngine('mongo', { dataDir: place, port: second.port });
    expect(third.url).toBe(second.url);
    await insert(third.url, 'then');
    expect(await names(third.url)).toEqual(['before a stop', 'before kill -9', 'then']);
    await third.stop();
  });

  test('keeps no old versions for reads at an earlier time', async () => {
    const mongo = await startEngine('mongo', { dataDir: place });
    await using client = await MongoClient.connect(mongo.url);
    const command = { getParameter: 1, minSnapshotHistoryWindowInSeconds: 1 };
    expect(await client.db('admin').command(command)).toMatchObject({ minSnapshotHistoryWindowInSeconds: 0 });
    await mongo.stop();
  });
});

describe('NATS', () => {
  test('fsyncs before it acknowledges, and listens on loopback only', async () => {
    const nats = await startEngine('nats', { dataDir: place });
    const config = await readFile(join(place, 'nats.conf'), 'utf8');
    expect(config).toContain('sync_interval: always');
    expect(config).toContain(`listen: "127.0.0.1:${nats.port}"`);
    const greeting = JSON.parse((await ask(nats.port, '')).replace('INFO ', '')) as Record<string, unknown>;
    expect(greeting).toMatchObject({ host: '127.0.0.1', jetstream: true, max_payload: 1024 * 1024 });
    await nats.stop();
  });

  test('a port that is in use is reported', async () => {
    const { server, port } = await listen();
    await expect(startEngine('nats', { dataDir: place, port })).rejects.toThrow(
      `port ${port} on 127.0.0.1 is in use`,
    );
    server.close();
  });

  test('a data directory in use is refused', async () => {
    const nats = await startEngine('nats', { dataDir: place });
    await expect(startEngine('nats', { dataDir: place })).rejects.toThrow(`in use by process ${process.pid}`);
    await nats.stop();
  });
});

test('the last log lines of an engine that ends during its start are shown', async () => {
  const start = startEngine('redis', { dataDir: place, binary: process.execPath });
  await expect(start).rejects.toThrow(
    /^Redis ended while it was starting; the last lines of .*redis.log:\n[\s\S]*SyntaxError/,
  );
});

test.each(engineKinds)(
  '%s has its data directory on its command line, with any characters in it',
  async (kind) => {
    const engine = await startEngine(kind, { dataDir: join(place, 'with "quotes" and ümläuts') });
    expect(commandLine(engine.pid)).toContain(join(place, 'with "quotes" and ümläuts'));
    await engine.stop();
  },
);

test('stop is orderly and can be repeated', async () => {
  const redis = await startEngine('redis', { dataDir: place });
  await redis.stop();
  await redis.stop();
  expect(await redis.exited).toEqual({ code: 0, signal: null });
  expect(isRunning(redis.pid)).toBe(false);
});

const owner = `
  const [, , folder, start] = process.argv;
  const { startEngine } = await import(start);
  const nats = await startEngine('nats', { dataDir: folder });
  process.stdout.write(String(nats.pid));
  setInterval(() => {}, 1e6);
`;

/** A process that starts a NATS server and does nothing else. */
async function ownerOf(folder: string) {
  const start = join(import.meta.dirname, 'start-engine.ts');
  const child = spawn(process.execPath, ['--input-type=module', '-e', owner, 'owner', folder, start]);
  const [said] = await once(child.stdout, 'data');
  return { child, pid: Number(String(said)) };
}

test('after kill -9 of the owner the next start succeeds on the same data', async () => {
  const { child, pid } = await ownerOf(place);
  expect(commandLine(pid)).toContain(place);
  child.kill('SIGKILL');

  await vi.waitFor(async () => {
    const next = await startEngine('nats', { dataDir: place });
    await next.stop();
  }, 10_000);
  expect(isRunning(pid)).toBe(false);
});

test('an engine ends when its owner exits', async () => {
  const { child, pid } = await ownerOf(place);
  child.kill('SIGTERM');
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 10_000);
});
