import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineKind } from '@odograph/engines/engine-kind';
import { findBinary } from '@odograph/engines/find-engine';
import { findFreePort } from '@odograph/engines/free-port';
import { expect, onTestFinished, test } from 'vitest';
import { planPlatform } from './platform.ts';
import { UP_LIMITS } from './restart-policy.ts';
import type { ServiceSpec } from './services.ts';

const NO_SERVICE: ServiceSpec = {
  ...{
    name: 'none',
    main: '/nowhere',
    settingsPrefix: 'ODO_NONE_',
    engines: [],
    portIsFor: 'nothing',
  },
  ...{ subjects: { publish: [], subscribe: [] }, usualPorts: { grpc: 1, metrics: 2 } },
  ...{ yieldsCpu: false, isReplicated: false },
};

/** The port that another program has until the test ends. */
async function taken(port = 0): Promise<number> {
  const thief = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void thief.close());
  await once(thief, 'listening');
  return (thief.address() as AddressInfo).port;
}

/** An engine and what it was noted to do, on a folder of its own. */
async function planOne(kind: EngineKind) {
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-platform-'));
  const notes: string[] = [];
  const givenUp = Promise.withResolvers<unknown>();
  const { engines, kill } = await planPlatform({
    ...{ dataDir, partitions: 1, env: {}, choosePort: () => findFreePort() },
    instances: [{ name: 'none', service: { ...NO_SERVICE, engines: [kind] } }],
    limits: { firstDelayMs: 0, maxDelayMs: 0, maxExits: 2, windowMs: 60_000, maxDownMs: 60_000 },
    findEngine: async (kind) => ({ kind: 'binary', path: (await findBinary(kind)).path }),
    note: (line) => notes.push(line),
    onGivenUp: givenUp.resolve,
  });
  const { process: engine, port } = engines[0] ?? {};
  if (!engine) throw new Error(`no ${kind}`);
  onTestFinished(async () => {
    await kill();
    await rm(dataDir, { recursive: true });
  });
  return { notes, engine, port, givenUp: givenUp.promise, folder: join(dataDir, kind) };
}

test('a service whose port was taken is refused with the option that changes it', async () => {
  const port = await taken();
  const { start } = await planPlatform({
    ...{ dataDir: tmpdir(), env: {}, limits: UP_LIMITS, findEngine: () => expect.unreachable() },
    instances: [{ name: 'none', service: NO_SERVICE }],
    choosePort: async (name) => (name === 'none' ? port : await findFreePort()),
  });
  await expect(start()).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
    message: expect.stringContaining('choose another port with --none-port'),
  });
});

/** Makes a database one that no MongoDB opens. */
async function damage(database: string): Promise<void> {
  await mkdir(database, { recursive: true });
  await writeFile(join(database, 'storage.bson'), 'not BSON');
}

test('an engine whose port was taken while it was away is refused with the way to another port', async () => {
  const { engine, port } = await planOne('nats');
  await engine.start();
  await engine.kill();
  await taken(port);
  await expect(engine.start()).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
    message: `port ${port} on 127.0.0.1 is in use by another program: stop that program, or start odograph up again: it then takes another port for NATS`,
  });
});

test('an engine that refuses its data at its first start is not tried again, and says why', async () => {
  const { notes, engine, folder } = await planOne('mongo');
  await damage(join(folder, 'db'));
  const start = engine.start();
  await expect(start).rejects.toMatchObject({ code: 'RULE_VIOLATED' });
  await expect(start).rejects.toThrow(
    /^MongoDB ended while it was starting; .*:\n.* F: Unable to read the storage engine metadata/s,
  );
  expect(notes).toEqual([]);
});

test('an engine that was up is tried again, because what it lacks may come back', async () => {
  const { notes, engine, folder } = await planOne('mongo');
  await engine.start();
  await damage(join(folder, 'db'));
  await engine.kill();
  await expect(engine.start()).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(notes).toEqual([
    expect.stringMatching(/^MongoDB ended while it was starting: F: .*: restarting it in 0 s$/),
  ]);
});

test.each([
  ['mongo', 'MongoDB', '.'],
  ['mongo', 'MongoDB', 'secret'],
  ['nats', 'NATS', 'jetstream'],
] as const)('an engine is not restarted without what it had: %s, %s, %s', async (kind, title, name) => {
  const { notes, engine, givenUp, folder } = await planOne(kind);
  await engine.start();
  const [place, elsewhere] = [join(folder, name), join(folder, '../elsewhere')];
  await rename(place, elsewhere);
  process.kill(engine.pid() ?? 0, 'SIGKILL');
  expect(await givenUp).toMatchObject({
    code: 'RULE_VIOLATED',
    message: `the data of ${title} in ${folder} was removed or replaced: put it back, or start odograph up again to begin with what is there`,
  });
  expect(notes).toEqual([`${kind} was killed by SIGKILL: restarting it in 0 s`]);
  expect(existsSync(folder)).toBe(name !== '.');
  await rename(elsewhere, place);
  await engine.start();
});
