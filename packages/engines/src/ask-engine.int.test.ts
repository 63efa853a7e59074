import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestMongo, startTestRedis, type TestEngine } from '@odograph/testing/engines';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { askEngine } from './ask-engine.ts';

let mongo: TestEngine;

beforeAll(async () => {
  mongo = await startTestMongo();
});

afterAll(() => mongo[Symbol.asyncDispose]());

const ask = (url: string) => askEngine('mongo', url, undefined);
const unreachable = (reason: string) => ({
  state: 'unreachable',
  reason: expect.stringMatching(reason),
});

test('MongoDB behind a socket is asked there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'odograph-ask-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const socket = join(folder, 'mongodb.sock');
  const url = `mongodb://me:***@${encodeURIComponent(socket)}/?directConnection=true`;
  expect(await ask(url)).toMatchObject(unreachable(`ENOENT ${socket}`));
  const server = createServer((client) => {
    const engine = connect(mongo.port, '127.0.0.1');
    client.pipe(engine).pipe(client);
  });
  onTestFinished(() => void server.close());
  await once(server.listen(socket), 'listening');
  expect(await ask(url)).toMatchObject({ state: 'answers' });
});

test('of several hosts it is enough that one answers', async () => {
  const { host } = new URL(mongo.url);
  expect(await ask(`mongodb://127.0.0.1:1,${host}/`)).toMatchObject({ state: 'answers' });
  expect(await ask('mongodb://127.0.0.1:1,127.0.0.1:2/')).toMatchObject(unreachable('ECONNREFUSED'));
});

test('a domain without SRV records is named', async () => {
  const reason = /^querySrv \w+ _odograph\._tcp\.nowhere\.invalid$/.source;
  const url = 'mongodb+srv://me:***@nowhere.invalid/?srvServiceName=odograph';
  expect(await ask(url)).toMatchObject(unreachable(reason));
});

test('a parameter that the driver does not know is named, although the server answers', async () => {
  const { host } = new URL(mongo.url);
  expect(await ask(`mongodb://${host}/?colour=red`)).toMatchObject(unreachable('option colour'));
  const withSecret = `mongodb://${host}/?tlsCertificateKeyFilePassword=pw@x`;
  expect(await ask(withSecret)).toMatchObject(unreachable('unescaped characters$'));
});

test('Redis is asked without its password, also as one of several nodes', async () => {
  await using redis = await startTestRedis();
  const { host } = new URL(redis.url);
  const askRedis = (url: string) => askEngine('redis', url, undefined);
  expect(await askRedis(`redis://me:***@${host}`)).toEqual({ state: 'answers' });
  expect(await askRedis(`redis+cluster://${host},127.0.0.1:1`)).toEqual({ state: 'answers' });
  expect(await askRedis('redis://127.0.0.1:1')).toEqual({ state: 'away', isPortTaken: false });
  const { host: other } = new URL(mongo.url);
  expect(await askRedis(`redis://${other}`)).toMatchObject({ state: expect.stringMatching(/silent|away/) });
});
