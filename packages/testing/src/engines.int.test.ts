import { expect, test } from 'vitest';
import { startTestNats, startTestRedis, testMongo } from './engines.ts';

test('each test gets its own database', async () => {
  await using one = await testMongo();
  await using other = await testMongo();
  await one.db.collection('things').insertOne({ here: true });

  expect(await one.db.collection('things').countDocuments()).toBe(1);
  expect(await other.db.collection('things').countDocuments()).toBe(0);
});

test('a NATS server can be started again with the same port and data', async () => {
  await using nats = await startTestNats();
  await nats.kill9();
  await using again = await startTestNats({ dataDir: nats.dataDir, port: nats.port });

  expect(again.url).toBe(nats.url);
  expect(again.pid).not.toBe(nats.pid);
});

test('a Redis server can be started', async () => {
  await using redis = await startTestRedis();
  expect(redis.url).toContain(String(redis.port));
});
