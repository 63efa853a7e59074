import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Channel, callUnary } from '@odograph/client/call';
import {
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@odograph/contracts/generated/grpc/health/v1/health';
import { readConfig } from '@odograph/platform/config/config';
import { silentLogger } from '@odograph/platform/logger';
import { startTestMongo, startTestNats, testMongo } from '@odograph/testing/engines';
import { expect, onTestFinished, test } from 'vitest';
import { historyApp } from './app.ts';
import { settings } from './config.ts';

/** Runs history as a process on real engines. @returns what it wrote to stderr, and its exit code. */
async function runHistory(env: Readonly<Record<string, string>>): Promise<{ stderr: string; code: unknown }> {
  const main = join(import.meta.dirname, 'main.ts');
  return await new Promise((done) => {
    const options = {
      env: { PATH: process.env['PATH'], ODO_LOG_LEVEL: 'error', ODO_PARTITIONS: '3', ...env },
      timeout: 25_000,
    };
    execFile(process.execPath, [main], options, (error, _, stderr) => done({ stderr, code: error?.code }));
  });
}

test.each([
  [
    'a log of the first form',
    'events',
    { at: 1 },
    /^history: the database \S+ holds a log of the first form \(collection events\).*: use an empty database and empty streams, or delete the data directory\n$/,
  ],
  [
    'a log with another partition count',
    'partitions',
    { partition_count: 7 },
    /^history: the log has 7 partitions for good, not 3: leave out --partitions and ODO_PARTITIONS, or use another data directory\n$/,
  ],
])('%s is refused with one sentence that names the way out', async (_, collection, document, sentence) => {
  await using nats = await startTestNats();
  await using mongo = await testMongo();
  await mongo.db.collection<{ readonly _id: number }>(collection).insertOne({ _id: 0, ...document });
  const env = { ODO_NATS_URL: nats.url, ODO_MONGO_URL: mongo.url, ODO_MONGO_DATABASE: mongo.databaseName };
  expect(await runHistory(env)).toEqual({ stderr: expect.stringMatching(sentence), code: 2 });
});

test('history without NATS or MongoDB ends soon, as a failure and with the reason, so that its supervisor can tell', async () => {
  await using mongo = await testMongo();
  const away = { ODO_NATS_URL: 'nats://127.0.0.1:1', ODO_MONGO_URL: 'mongodb://127.0.0.1:1' };
  const [withoutNats, withoutMongo] = await Promise.all([
    runHistory({ ...away, ODO_MONGO_URL: mongo.url, ODO_MONGO_DATABASE: mongo.databaseName }),
    runHistory(away),
  ]);
  expect(withoutNats).toEqual({
    stderr: expect.stringContaining('NATS at nats://127.0.0.1:1 does not answer'),
    code: 1,
  });
  expect(withoutMongo).toEqual({
    stderr: expect.stringContaining('MongoDB at 127.0.0.1:1 does not answer'),
    code: 1,
  });
});

test('while MongoDB is asleep history is alive but not ready', async () => {
  await using nats = await startTestNats();
  await using mongo = await startTestMongo();
  const env = { ODO_NATS_URL: nats.url, ODO_MONGO_URL: mongo.url };
  const app = historyApp(readConfig(settings, env), silentLogger).build();
  const { grpc } = await app.start();
  const stop = async () => {
    mongo.kill('SIGCONT');
    await app.stop(1_000);
  };
  await using _app = { [Symbol.asyncDispose]: stop };
  const channel = new Channel(`127.0.0.1:${grpc.port}`);
  onTestFinished(() => channel.close());
  const health = async () => {
    const names = ['', 'odograph.history.v1.VehicleHistory'];
    const answers = names.map((service) => callUnary(channel, HealthService.check, { service }));
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  expect(await health()).toEqual([ServingStatus.SERVING, ServingStatus.SERVING]);
  mongo.kill('SIGSTOP');
  const until = { timeout: 20_000, interval: 200 };
  await expect.poll(health, until).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
  mongo.kill('SIGCONT');
  await expect.poll(health, until).toEqual([ServingStatus.SERVING, ServingStatus.SERVING]);
}, 60_000);
