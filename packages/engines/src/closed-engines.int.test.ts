import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { credentialsOf, secretFile } from './credentials.ts';
import { engineFacts, engineKinds } from './engine-kind.ts';
import { findBinary } from './find-engine.ts';
import { findFreePort } from './free-port.ts';
import { startOwned } from './owned-process.ts';
import { commandLine } from './process-identity.ts';
import { startEngine } from './start-engine.ts';
import { ask } from './tcp-ask.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-closed-'));
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

const READER = {
  name: 'reader',
  subjects: { publish: ['a'], subscribe: ['a'] },
  database: 'kept',
} as const;

const openBits = (path: string) => lstatSync(path).mode & 0o077;

test.each(engineKinds)(
  '%s has no secret on its command line, and no file that others can open',
  async (kind) => {
    const dataDir = join(place, kind);
    const engine = await startEngine(kind, { dataDir, users: [READER] });
    const secrets = ['owner', 'reader'].map((user) => credentialsOf(dataDir, user).password);
    for (const secret of secrets) expect(commandLine(engine.pid)).not.toContain(secret);
    await engine.stop();
    const paths = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).map((name) =>
      join(dataDir, name),
    );
    expect([dataDir, ...paths].filter(openBits)).toEqual([]);
    expect(paths.length).toBeGreaterThan(2);
  },
);

test('a folder that was open is closed before anything secret is in it', async () => {
  await mkdir(join(place, 'redis'), { mode: 0o755 });
  const redis = await startEngine('redis', { dataDir: join(place, 'redis') });
  expect(openBits(join(place, 'redis'))).toBe(0);
  await redis.stop();
});

describe('Redis', () => {
  test('takes its owner with the password only', async () => {
    const { port, stop } = await startEngine('redis', { dataDir: place });
    const { user, password } = credentialsOf(place);
    expect(await ask(port, `AUTH ${user} ${password}\r\n`)).toBe('+OK\r\n');
    expect(await ask(port, `AUTH ${user} wrong\r\n`)).toMatch(/^-WRONGPASS/);
    expect(await ask(port, 'AUTH default x\r\n')).toMatch(/^-WRONGPASS/);
    expect(await ask(port, 'KEYS *\r\n')).toMatch(/^-NOAUTH/);
    await stop();
  });
});

describe('MongoDB', () => {
  const things = (client: MongoClient, database = 'kept') =>
    client.db(database).collection<{ _id: string }>('things');

  const start = (options: { readonly port?: number } = {}) =>
    startEngine('mongo', { dataDir: place, users: [READER], ...options });

  const urlOf = (port: number, user: string) => engineFacts.mongo.urlOn(port, credentialsOf(place, user));

  test('lets a user into its own database, and no one in without a password', async () => {
    const { port, url, stop } = await start();
    await using reader = await MongoClient.connect(urlOf(port, 'reader'));
    await things(reader).insertOne({ _id: 'own' });
    expect(await things(reader).countDocuments()).toBe(1);
    await expect(things(reader, 'other').findOne()).rejects.toMatchObject({ codeName: 'Unauthorized' });
    await using stranger = await MongoClient.connect(url.replace(/\w+:\w+@/, ''));
    await expect(things(stranger).findOne()).rejects.toMatchObject({ codeName: 'Unauthorized' });
    const admit = stranger.db('admin').command({ createUser: 'me', pwd: 'x', roles: ['root'] });
    await expect(admit).rejects.toMatchObject({ codeName: 'Unauthorized' });
    await stop();
  });

  /** As it was started before it had passwords. */
  async function startOpen(port: number) {
    const binary = (await findBinary('mongo')).path;
    await mkdir(join(place, 'db'));
    const command = [binary, '--dbpath', join(place, 'db'), '--port', `${port}`, '--bind_ip', '127.0.0.1'];
    const files = { logFile: join(place, 'mongo.log'), pidFile: join(place, 'mongo.pid') };
    const args = ['--replSet', 'odograph', '--nounixsocket'];
    const server = startOwned({
      command: [...command, ...args],
      ...files,
      word: place,
      stopTimeoutMs: 20_000,
    });
    await using client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`);
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    await client.db('admin').command({ replSetInitiate: { _id: 'odograph', members } });
    await expect
      .poll(() => client.db('admin').command({ hello: 1 }))
      .toMatchObject({ isWritablePrimary: true });
    await things(client).insertOne({ _id: 'from before' });
    await server.stop();
  }

  test.each(['the same port', 'another port'])(
    'closes data that was made without passwords, on %s',
    async (where) => {
      const port = await findFreePort();
      await startOpen(port);
      const mongo = await start(where === 'the same port' ? { port } : {});
      await using reader = await MongoClient.connect(urlOf(mongo.port, 'reader'));
      expect(await things(reader).findOne()).toEqual({ _id: 'from before' });
      await using stranger = await MongoClient.connect(mongo.url.replace(/\w+:\w+@/, ''));
      await expect(things(stranger).findOne()).rejects.toMatchObject({ codeName: 'Unauthorized' });
      await mongo.stop();
    },
  );

  test('takes new passwords if its secret was removed, and the old ones no more', async () => {
    const first = await start();
    await first.stop();
    await rm(secretFile(place));
    const second = await start({ port: first.port });
    expect(second.url).not.toBe(first.url);
    await using reader = await MongoClient.connect(urlOf(second.port, 'reader'));
    await things(reader).insertOne({ _id: 'new' });
    await expect(MongoClient.connect(first.url)).rejects.toThrow('Authentication failed');
    await second.stop();
  });

  test('writes nothing of slow commands into its log', async () => {
    const { url, logFile, stop } = await start();
    await using client = await MongoClient.connect(url);
    await client.db('kept').command({ profile: 0, slowms: 0 });
    await things(client).insertOne({ _id: 'vehicle-sunflower' });
    await things(client).find({ _id: 'vehicle-sunflower', $where: 'sleep(150) || true' }).toArray();
    await stop();
    expect(await readFile(logFile, 'utf8')).not.toContain('sunflower');
  });
});

test('a secret is made once, and again if a crash has damaged it', async () => {
  const made = credentialsOf(place);
  expect(credentialsOf(place)).toEqual(made);
  expect(credentialsOf(place, 'reader').password).not.toContain(made.password);
  expect(readFileSync(secretFile(place), 'utf8')).toBe(made.password);
  await rm(secretFile(place));
  expect(credentialsOf(place).password).not.toBe(made.password);
});
