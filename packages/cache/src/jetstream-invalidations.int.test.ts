import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { pause } from '@odograph/kernel/clock';
import { silentLogger } from '@odograph/platform/logger';
import { connectNats } from '@odograph/platform/nats';
import { startTestNats, type TestEngine } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import type { Scope } from './floors.ts';
import {
  INVALIDATION_STREAM,
  INVALIDATION_SUBJECT,
  JetStreamInvalidations,
} from './jetstream-invalidations.ts';
import type { Stamp } from './version.ts';

async function startEngine(): Promise<TestEngine> {
  const nats = await startTestNats();
  onTestFinished(() => nats[Symbol.asyncDispose]());
  return nats;
}

/** A list before it is started, and what is heard of it. */
async function prepare(nats: TestEngine, after?: Stamp) {
  const { connection, isConnected } = await connectNats({
    url: nats.url,
    name: 'test',
    logger: silentLogger,
  });
  onTestFinished(() => connection.close());
  const heard: (readonly [scopes: readonly Scope[], at: number])[] = [];
  const missed: number[] = [];
  const list = new JetStreamInvalidations({
    ...{ jetstream: jetstream(connection), manager: await jetstreamManager(connection), isConnected },
    listener: {
      onRaised: (scopes, { sequence }) => void heard.push([scopes, sequence]),
      onMissed: ({ sequence }) => void missed.push(sequence),
    },
    ...{ onTrouble: () => undefined, onSuccess: () => undefined },
    ...(after && { after }),
  });
  return { list, heard, missed, connection };
}

/** A process that takes part in the list, and what it heard. */
async function join(nats: TestEngine, after?: Stamp) {
  const prepared = await prepare(nats, after);
  const { list } = prepared;
  await list.start();
  onTestFinished(() => list.stop());
  await eventually(() => expect(list.isLive()).toBe(true));
  return prepared;
}

test('it can be stopped at any moment of its start', async () => {
  const nats = await startEngine();
  for (let afterMs = 0; afterMs < 20; afterMs += 1) {
    const { list } = await prepare(nats);
    void list.start();
    await pause(afterMs);
    await list.stop();
  }
});

test('all hear the same in the same order, also what came before them', async () => {
  const nats = await startEngine();
  const [a, b] = [await join(nats), await join(nats)];
  const scopes: Scope[] = [{ key: 'k:1' }, { tag: 't' }, { prefix: 'k:' }, { all: true }];
  for (const [at, scope] of scopes.entries())
    expect(await (at % 2 === 0 ? a : b).list.raise([scope])).toMatchObject({ sequence: at + 1 });
  const c = await join(nats);
  const wanted = scopes.map((scope, at) => [[scope], at + 1]);
  for (const { heard } of [a, b, c]) await eventually(() => expect(heard).toEqual(wanted));
  expect(c.list.seen()).toMatchObject({ sequence: 4 });
});

test('a process that was away gets what it missed, and learns of what is not kept any more', async () => {
  const nats = await startEngine();
  const a = await join(nats);
  for (const key of ['k:1', 'k:2', 'k:3']) await a.list.raise([{ key }]);
  await eventually(() => expect(a.list.seen().sequence).toBe(3));
  const after = { ...a.list.seen(), sequence: 1 };
  expect((await join(nats, after)).heard.map(([, at]) => at)).toEqual([2, 3]);
  await (await jetstreamManager(a.connection)).streams.purge(INVALIDATION_STREAM, { seq: 3 });
  const late = await join(nats, after);
  expect([late.missed, late.heard.map(([, at]) => at)]).toEqual([[2], [3]]);
});

test('a list that was made again is another one: nothing from before is valid', async () => {
  const nats = await startEngine();
  const a = await join(nats);
  await a.list.raise([{ key: 'k:1' }]);
  await eventually(() => expect(a.list.seen().sequence).toBe(1));
  const before = a.list.seen();
  await (await jetstreamManager(a.connection)).streams.delete(INVALIDATION_STREAM);
  const b = await join(nats, before);
  expect(b.missed).toEqual([0]);
  expect(b.list.seen().epoch).toBeGreaterThan(before.epoch);
});

test.each(['not json', '{}', '[{"key":""}]', '[{"shape":"circle"}]'])(
  'a message that this program does not know makes everything invalid: %s',
  async (text) => {
    const nats = await startEngine();
    const a = await join(nats);
    await jetstream(a.connection).publish(INVALIDATION_SUBJECT, text);
    await eventually(() => expect(a.heard).toEqual([[[{ all: true }], 1]]));
  },
);

test('without NATS nothing is raised, and what is heard is not live', async () => {
  const nats = await startEngine();
  const a = await join(nats);
  await nats.kill9();
  await eventually(() => expect(a.list.isLive()).toBe(false));
  await expect(a.list.raise([{ all: true }])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
