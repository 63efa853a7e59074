import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from '@odograph/engines/find-engine';
import { findFreePort } from '@odograph/engines/free-port';
import { expect, onTestFinished, test } from 'vitest';
import { planPlatform } from './platform.ts';
import type { ServiceSpec } from './services.ts';

const NO_SERVICE: ServiceSpec = {
  ...{
    name: 'none',
    main: '/nowhere',
    settingsPrefix: 'ODO_NONE_',
    engines: ['mongo'],
    portIsFor: 'nothing',
  },
  ...{ subjects: { publish: [], subscribe: [] }, usualPorts: { grpc: 1, metrics: 2 } },
  ...{ yieldsCpu: false, isReplicated: false },
};

/** MongoDB and what it was noted to do, on a folder of its own. */
async function planMongo() {
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-platform-'));
  const notes: string[] = [];
  const { engines, kill } = await planPlatform({
    ...{ dataDir, partitions: 1, env: {}, choosePort: findFreePort },
    instances: [{ name: 'none', service: NO_SERVICE }],
    limits: { firstDelayMs: 0, maxDelayMs: 0, maxExits: 2, windowMs: 60_000, maxDownMs: 60_000 },
    findEngine: async (kind) => ({ kind: 'binary', path: (await findBinary(kind)).path }),
    note: (line) => notes.push(line),
  });
  const mongo = engines[0]?.process;
  if (!mongo) throw new Error('no MongoDB');
  onTestFinished(async () => {
    await kill();
    await rm(dataDir, { recursive: true });
  });
  return { notes, mongo, database: join(dataDir, 'mongo', 'db') };
}

/** Makes a database one that no MongoDB opens. */
async function damage(database: string): Promise<void> {
  await mkdir(database, { recursive: true });
  await writeFile(join(database, 'storage.bson'), 'not BSON');
}

test('an engine that refuses its data at its first start is not tried again, and says why', async () => {
  const { notes, mongo, database } = await planMongo();
  await damage(database);
  const start = mongo.start();
  await expect(start).rejects.toMatchObject({ code: 'RULE_VIOLATED' });
  await expect(start).rejects.toThrow(
    /^MongoDB ended while it was starting; .*:\n.* F: Unable to read the storage engine metadata/s,
  );
  expect(notes).toEqual([]);
});

test('an engine that was up is tried again, because what it lacks may come back', async () => {
  const { notes, mongo, database } = await planMongo();
  await mongo.start();
  await damage(database);
  await mongo.kill();
  await expect(mongo.start()).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(notes).toEqual(['MongoDB ended while it was starting: restarting it in 0 s']);
});
