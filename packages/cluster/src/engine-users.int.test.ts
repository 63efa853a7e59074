import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { credentialsOf } from '@odograph/engines/credentials';
import { engineFacts } from '@odograph/engines/engine-kind';
import { type RunningEngine, startEngine } from '@odograph/engines/start-engine';
import { natsOptions } from '@odograph/platform/nats-options';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { platformServices } from './services.ts';

let dataDir: string;
let nats: RunningEngine;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'odograph-users-'));
  const users = platformServices.map(({ name, subjects }) => ({ name, subjects, database: 'odograph' }));
  nats = await startEngine('nats', { dataDir, users });
  await using history = await open('history');
  const manager = await jetstreamManager(history.connection);
  await manager.streams.add({ name: 'EVENTS-0', subjects: ['events.0'], allow_direct: true });
});

afterAll(async () => {
  await nats.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** A connection of a user, and what the server has refused it. */
async function open(user: string) {
  const url = engineFacts.nats.urlOn(nats.port, credentialsOf(dataDir, user));
  const connection = await connect(natsOptions({ url }));
  const refused: string[] = [];
  void (async () => {
    for await (const status of connection.status())
      if (status.type === 'error') refused.push(status.error.message);
  })();
  return { connection, refused, [Symbol.asyncDispose]: () => connection.close() };
}

test('ingest stores envelopes and sees streams', async () => {
  await using ingest = await open('ingest');
  const stored = await jetstream(ingest.connection).publish('events.0', 'x');
  expect(stored.stream).toBe('EVENTS-0');
  const manager = await jetstreamManager(ingest.connection);
  expect((await manager.streams.info('EVENTS-0')).state.messages).toBeGreaterThan(0);
  expect(ingest.refused).toEqual([]);
});

test('history finds the first envelope since a time, and trims before it', async () => {
  await using history = await open('history');
  const manager = await jetstreamManager(history.connection);
  await jetstream(history.connection).publish('events.0', 'y');
  const first = await manager.direct.getMessage('EVENTS-0', { start_time: new Date(0) });
  expect(first?.seq).toBe(1);
  await manager.streams.purge('EVENTS-0', { seq: 2 });
  expect(history.refused).toEqual([]);
});

test('ingest cannot purge, delete or change a stream, or read it', async () => {
  await using ingest = await open('ingest');
  const { streams } = await jetstreamManager(ingest.connection);
  const denied = { message: expect.stringContaining('Permissions Violation') };
  await expect(streams.purge('EVENTS-0')).rejects.toMatchObject(denied);
  await expect(streams.delete('EVENTS-0')).rejects.toMatchObject(denied);
  await expect(streams.update('EVENTS-0', { max_bytes: 1 })).rejects.toMatchObject(denied);
  await expect(streams.getMessage('EVENTS-0', { seq: 1 })).rejects.toMatchObject(denied);
});

test.each(['log.0', 'repair.0', '_INBOX.history.x', '$JS.API.STREAM.PURGE.EVENTS-0'])(
  'ingest cannot publish on %s',
  async (subject) => {
    await using history = await open('history');
    const heard: string[] = [];
    const hear = (_: unknown, message: { readonly subject: string }) => void heard.push(message.subject);
    history.connection.subscribe('log.*', { callback: hear });
    history.connection.subscribe('_INBOX.history.>', { callback: hear });
    await history.connection.flush();
    await using ingest = await open('ingest');
    ingest.connection.publish(subject, 'forged');
    await ingest.connection.flush();
    await expect.poll(() => ingest.refused).toEqual([expect.stringContaining(subject)]);
    await history.connection.flush();
    expect(heard).toEqual([]);
  },
);

test.each(['ingest', 'history'])('%s cannot listen to the requests and answers of others', async (user) => {
  await using own = await open(user);
  for (const subject of [
    '>',
    '_INBOX.>',
    '$JS.API.>',
    `_INBOX.${user === 'ingest' ? 'history' : 'ingest'}.>`,
  ]) {
    const heard: unknown[] = [];
    own.connection.subscribe(subject, { callback: (error) => void (error ?? heard.push(subject)) });
    await using owner = await open('owner');
    owner.connection.publish('_INBOX.history.a', 'x');
    owner.connection.publish('_INBOX.ingest.a', 'x');
    await owner.connection.flush();
    await own.connection.flush();
    await expect.poll(() => own.refused.at(-1)).toContain(`"${subject}"`);
    expect(heard).toEqual([]);
  }
});

test('without a password or with a wrong one there is no connection', async () => {
  const url = `nats://127.0.0.1:${nats.port}`;
  await expect(connect(natsOptions({ url }))).rejects.toThrow('Authorization Violation');
  const wrong = url.replace('//', '//ingest:wrong@');
  await expect(connect(natsOptions({ url: wrong }))).rejects.toThrow('Authorization Violation');
});
