import { startTestMongo, startTestNats, type TestEngine } from '@odograph/testing/engines';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { connectMongo } from './mongo.ts';
import { connectNats } from './nats.ts';

async function connectsToNats(url: string): Promise<void> {
  const nats = await connectNats({ url, name: 'test', logger: silentLogger });
  await nats.drain(1_000);
}

async function connectsToMongo(url: string): Promise<void> {
  const pool = { min: 1, max: 1, waitMs: 1_000 };
  const options = { url, pool, name: 'test', database: 'test', serverWaitMs: 1_000 };
  const mongo = await connectMongo(options, createMetrics('test').meter);
  await mongo.close();
}

describe.each([
  { title: 'NATS', start: startTestNats, connects: connectsToNats },
  { title: 'MongoDB', start: startTestMongo, connects: connectsToMongo },
])('a login to $title', ({ title, start, connects }) => {
  let server: TestEngine;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('with the right password passes', async () => {
    await connects(server.url);
  });

  test.each([
    ['a wrong password', (url: string) => url.replace(/:\w+@/, ':wr%40ng@')],
    ['another user', (url: string) => url.replace('owner:', 'stranger:')],
    ['no password', (url: string) => url.replace(/\w+:\w+@/, '')],
  ])('with %s is refused at once, with what to correct', async (_what, change) => {
    const url = change(server.url);
    const refusal = connects(url);
    await expect(refusal).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const line = new RegExp(`^${title} at .* refuses the login \\(.*\\): correct ODO_`);
    await expect(refusal).rejects.toThrow(line);
    await expect(refusal).rejects.not.toThrow(/wr%40ng|wr@ng/);
  });
});
