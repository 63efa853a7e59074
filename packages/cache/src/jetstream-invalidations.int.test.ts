import { cp, rm } from 'node:fs/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { pause } from '@odograph/kernel/clock';
import { silentLogger } from '@odograph/platform/logger';
import { connectNats } from '@odograph/platform/nats';
import { startTestNats, type TestEngine } from '@odograph/testing/engines';
import { makeRunDir } from '@odograph/testing/engines-setup';
import { eventually } from '@odograph/testing/eventually';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Scope } from './floors.ts';
import { INVALIDATION_STREAM, INVALIDATION_SUBJECT } from './invalidation-stream.ts';
import { JetStreamInvalidations } from './jetstream-invalidations.ts';
import type { Stamp } from './version.ts';

const engines: TestEngine[] = [];

/** It is stopped after all who are connected have left, also if it is not the first one of the test. */
async function startEngine(options: Parameters<typeof startTestNats>[0] = {}): Promise<TestEngine> {
  if (engines.length === 0)
    onTestFinished(async () => {
      for (const each of engines.splice(0)) await each[Symbol.asyncDispose]();
    });
  const nats = await startTestNats(options);
  engines.push(nats);
  return nats;
}

/** A list before it is started, and what is heard of it. */
async function prepare(nats: TestEngine, after?: Stamp) {
  const { connection, isConnected, onReconnect } = await connectNats({
    url: nats.url,
    name: 'test',
    logger: silentLogger,
  });
  onTestFinished(() => connection.close());
  const client = jetstream(connection);
  const heard: (readonly [scopes: readonly Scope[], at: number])[] = [];
  const missed: number[] = [];
  const list = new JetStreamInvalidations({
    ...{ jetstream: client, manager: await jetstreamManager(connection), isConnected, onReconnect },
    listener: {
      onRaised: (scopes, { sequence }) => void heard.push([scopes, sequence]),
      onMissed: ({ sequence }) => void missed.push(sequence),
    },
    ...{ onTrouble: () => undefined, onSuccess: () => undefined },
    ...(after && { after }),
  });
  return { list, heard, missed, connection, client, onReconnect };
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

type Joined = Awaited<ReturnType<typeof join>>;

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

test('what is missing between two messages is missed', async () => {
  const nats = await startEngine();
  const a = await join(nats);
  for (const key of ['k:1', 'k:2', 'k:3']) await a.list.raise([{ key }]);
  await (await jetstreamManager(a.connection)).streams.deleteMessage(INVALIDATION_STREAM, 2);
  const late = await join(nats);
  expect([late.missed, late.heard.map(([, at]) => at)]).toEqual([
    [0, 2],
    [1, 3],
  ]);
});

test('after a reconnection it is not live until all that the list has is heard', async () => {
  const nats = await startEngine();
  const [a, b] = [await join(nats), await join(nats)];
  const atReconnection: boolean[] = [];
  a.onReconnect(() => void atReconnection.push(a.list.isLive()));
  await a.list.raise([{ key: 'k:1' }]);
  await nats.kill9();
  await startEngine({ port: nats.port, dataDir: nats.dataDir });
  await eventually(() => expect(atReconnection).toEqual([false]));
  await eventually(async () => expect((await b.list.raise([{ key: 'k:2' }])).sequence).toBeGreaterThan(1));
  const { sequence } = b.list.seen();
  await eventually(() => expect([a.list.isLive(), a.list.seen().sequence]).toEqual([true, sequence]));
  expect([a.missed, b.missed]).toEqual([[0], [0]]);
});

describe('a list that changes while processes run', () => {
  /** Until all have seen the same list, which is another one than before. */
  async function untilBothSee(a: Joined, b: Joined, before: Stamp): Promise<void> {
    await eventually(() => {
      expect([a.list.isLive(), b.list.isLive()]).toEqual([true, true]);
      expect(a.list.seen().epoch).toBeGreaterThan(before.epoch);
      expect(b.list.seen()).toEqual(a.list.seen());
    });
    for (const { missed } of [a, b]) expect(missed.at(-1)).toBe(0);
    const stamp = await a.list.raise([{ key: 'k:9' }]);
    expect(stamp).toEqual({ ...stamp, epoch: b.list.seen().epoch, sequence: 1 });
    await eventually(() => expect(b.heard.at(-1)).toEqual([[{ key: 'k:9' }], 1]));
  }

  test('is another one when it is lost', async () => {
    const nats = await startEngine();
    const [a, b] = [await join(nats), await join(nats)];
    const before = await a.list.raise([{ key: 'k:1' }]);
    await (await jetstreamManager(a.connection)).streams.delete(INVALIDATION_STREAM);
    await untilBothSee(a, b, before);
  });

  test('is another one when NATS begins without data', async () => {
    const nats = await startEngine();
    const [a, b] = [await join(nats), await join(nats)];
    const before = await a.list.raise([{ key: 'k:1' }]);
    await nats.kill9();
    await rm(`${nats.dataDir}/jetstream`, { recursive: true });
    await startEngine({ port: nats.port, dataDir: nats.dataDir });
    await untilBothSee(a, b, before);
  });

  test('is another one when NATS begins with older data', async () => {
    const nats = await startEngine();
    const [a, b] = [await join(nats), await join(nats)];
    await a.list.raise([{ key: 'k:1' }]);
    const older = await makeRunDir();
    onTestFinished(() => rm(older, { recursive: true, force: true }));
    await cp(nats.dataDir, older, { recursive: true });
    const before = await a.list.raise([{ key: 'k:2' }]);
    await eventually(() => expect(b.list.seen()).toEqual(before));
    await nats.kill9();
    await startEngine({ port: nats.port, dataDir: older });
    await untilBothSee(a, b, before);
  });

  test('has an epoch above all that a process has seen, and the others follow', async () => {
    const nats = await startEngine();
    const a = await join(nats);
    await a.list.raise([{ key: 'k:1' }]);
    const before = { ...a.list.seen(), epoch: Date.now() + 3_600_000, sequence: 7 };
    await untilBothSee(a, await join(nats, before), before);
  });

  test('acknowledges nothing that is not above what was seen', async () => {
    const nats = await startEngine();
    const a = await join(nats);
    await a.list.raise([{ key: 'k:1' }]);
    const publish = vi.spyOn(a.client, 'publish');
    publish.mockResolvedValueOnce({ stream: INVALIDATION_STREAM, domain: '', seq: 1, duplicate: false });
    await expect(a.list.raise([{ key: 'k:2' }])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await eventually(() => expect(a.list.isLive()).toBe(true));
    expect((await a.list.raise([{ key: 'k:2' }])).sequence).toBe(2);
  });
});

test('what NATS refuses is UNAVAILABLE', async () => {
  const { list } = await join(await startEngine());
  const scopes = Array.from({ length: 5_000 }, (_, at) => ({ key: `k:${'x'.repeat(500)}${at}` }));
  await expect(list.raise(scopes)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
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
