import { systemClock } from '@odograph/kernel/clock';
import { createRandom } from '@odograph/kernel/random';
import { silentLogger } from '@odograph/platform/logger';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import {
  channelOf,
  expectState,
  expireLeases,
  heldReceiver,
  hookChannel,
  inTime,
  openOutbox,
} from './dispatch.fixture.ts';
import { Dispatcher } from './dispatcher.ts';
import { keysIn, openHook } from './hook.fixture.ts';
import { episodeOf, noticeOf, START_MS } from './notices.fixture.ts';
import { Outbox } from './outbox.ts';
import { DELIVERED, retry } from './receivers/receiver.ts';

const MINUTE_MS = 60_000;

test('a firing and its resolved arrive once, in order', async () => {
  await using box = await openOutbox();
  await using hook = await openHook();
  const dispatcher = box.start([hookChannel(hook.url, box.clock)]);
  await box.outbox.add(episodeOf('x'));
  dispatcher.wake();
  await eventually(() => expect(hook.effects).toEqual(['x:firing']));
  box.advance(MINUTE_MS);
  await eventually(() => expect(hook.effects).toEqual(['x:firing', 'x:resolved']));
  await eventually(() => expectState(box.outbox, 'x', ['delivered', 'delivered']));
  expect(hook.calls).toHaveLength(2);
});

test('what is due later is sent without a call that wakes the dispatcher', async () => {
  await using box = await openOutbox();
  await using hook = await openHook();
  const outbox = await Outbox.open(box.db, systemClock);
  await outbox.add([noticeOf('later', { dueAtMs: systemClock.now() + 100 })]);
  const dispatcher = new Dispatcher({
    ...{ outbox, receivers: [hookChannel(hook.url, box.clock)], clock: systemClock },
    ...{ random: createRandom(1), logger: silentLogger },
  });
  dispatcher.start();
  await eventually(() => expect(hook.effects).toEqual(['later']));
  await dispatcher.stop(0);
});

/** Each in a message of its own. */
async function addEach(
  box: Awaited<ReturnType<typeof openOutbox>>,
  keys: readonly string[],
  receiver = 'hook',
) {
  for (const key of keys) {
    await box.outbox.add([noticeOf(key, { receiver })]);
    await box.outbox.form({ receiver, groupWaitMs: 0 });
  }
}

test('a receiver gets four messages at a time, and all receivers together sixteen', async () => {
  await using box = await openOutbox();
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const receivers = names.map((name) => ({ name, ...heldReceiver() }));
  for (const name of names)
    await addEach(
      box,
      Array.from({ length: 6 }, (_, at) => `${name}${at}`),
      name,
    );
  const dispatcher = box.start(receivers.map(({ name, receiver }) => channelOf(receiver, { name })));
  const inFlight = () => receivers.map(({ held }) => held.length);
  await eventually(() => expect(inFlight()).toEqual([4, 4, 4, 4, 0, 0]));
  dispatcher.wake();
  receivers[0]?.held[0]?.answer(DELIVERED);
  await eventually(() => expect(inFlight().reduce((sum, count) => sum + count, 0)).toBe(17));
  for (const { held } of receivers) for (const { answer } of held) answer(DELIVERED);
});

test('after five failures in a row a receiver gets one message at a time, and more when it answers', async () => {
  await using box = await openOutbox();
  await using hook = await openHook();
  const { receiver, held } = heldReceiver();
  await addEach(
    box,
    Array.from({ length: 14 }, (_, at) => `n${at}`),
    'failing',
  );
  box.start([channelOf(receiver, { name: 'failing' }), hookChannel(hook.url, box.clock)]);
  /** A message to the other receiver, which is sent by a pass over all of them. */
  const pass = async (key: string) => {
    await box.outbox.add([noticeOf(key)]);
    box.advance(0);
    await eventually(() => expect(hook.effects).toContain(key));
  };
  for (const count of [4, 8]) {
    await eventually(() => expect(held).toHaveLength(count));
    for (const { answer } of held.slice(count - 4)) answer(retry('no'));
  }
  const failures = { receiver: 'failing', attempts: 1 };
  await eventually(async () =>
    expect(await box.db.collection('alerting_messages').countDocuments(failures)).toBe(8),
  );
  for (const key of ['a', 'b']) await pass(key);
  expect(held).toHaveLength(8);
  box.advance(40_000);
  await eventually(() => expect(held).toHaveLength(9));
  for (const key of ['c', 'd']) await pass(key);
  expect(held).toHaveLength(9);
  held[8]?.answer(DELIVERED);
  await eventually(() => expect(held).toHaveLength(13));
});

test('two processes share the messages, and neither sends what the other one does', async () => {
  await using box = await openOutbox();
  await using hook = await openHook();
  const keys = Array.from({ length: 40 }, (_, at) => `n${at}`);
  for (const _ of [1, 2]) box.start([hookChannel(hook.url, box.clock)]);
  for (const key of keys) {
    await box.outbox.add([noticeOf(key)]);
    box.advance(1);
  }
  await eventually(() => expect(hook.effects.toSorted()).toEqual(keys.toSorted()));
  const ids = hook.calls.map(({ id }) => id);
  expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
});

test('two processes send a message with the same id if one of them sleeps longer than its lease', async () => {
  await using box = await openOutbox();
  await using hook = await openHook();
  const asleep = heldReceiver();
  await box.outbox.add([noticeOf('a')]);
  const first = box.start([channelOf(asleep.receiver)]);
  await eventually(() => expect(asleep.held).toHaveLength(1));
  // It claims nothing more, and what it sends goes on.
  const stopped = first.stop(600_000);
  box.start([hookChannel(hook.url, box.clock)]);
  await expireLeases(box.db);
  await inTime(box.advance, () => expectState(box.outbox, 'alert-a', ['delivered']));
  expect(hook.calls.map(({ id }) => id)).toEqual([asleep.held[0]?.id]);
  asleep.held[0]?.answer({ kind: 'refused', reason: 'it woke up late', isFinal: true });
  await stopped;
  await expectState(box.outbox, 'alert-a', ['delivered']);
});

test('a process that stops leaves what it is sending to the next one', async () => {
  await using box = await openOutbox();
  await using hook = await openHook();
  const stuck = heldReceiver();
  await box.outbox.add([noticeOf('a')]);
  const first = box.start([channelOf(stuck.receiver)]);
  await eventually(() => expect(stuck.held).toHaveLength(1));
  await first.stop(10);
  box.start([hookChannel(hook.url, box.clock)]);
  await eventually(() => expect(hook.effects).toEqual(['a']));
});

test('a process that stops waits for what ends in time', async () => {
  await using box = await openOutbox();
  const { receiver, held } = heldReceiver();
  await box.outbox.add([noticeOf('a')]);
  const first = box.start([channelOf(receiver)]);
  await eventually(() => expect(held).toHaveLength(1));
  const stopped = first.stop(20_000);
  held[0]?.answer(DELIVERED);
  await stopped;
  await expectState(box.outbox, 'alert-a', ['delivered']);
});

test('a restart between a resolved and its sending loses nothing', async () => {
  await using box = await openOutbox();
  await using hook = await openHook();
  box.start([hookChannel(hook.url, box.clock)]);
  await box.outbox.add([episodeOf('x')[0]]);
  box.advance(0);
  await eventually(() => expectState(box.outbox, 'x', ['delivered']));
  await box.stop();
  await box.outbox.add([episodeOf('x')[1]]);
  box.clock.advance(MINUTE_MS);
  box.start([hookChannel(hook.url, box.clock)]);
  await eventually(() => expect(hook.effects).toEqual(['x:firing', 'x:resolved']));
});

test('notices within the wait are one message, and a critical one waits for nothing', async () => {
  await using box = await openOutbox();
  await using hook = await openHook();
  const dispatcher = box.start([hookChannel(hook.url, box.clock, { groupWaitMs: 30_000 })]);
  await box.outbox.add([
    noticeOf('a', { dueAtMs: START_MS + 30_000 }),
    noticeOf('b', { dueAtMs: START_MS + 30_000 }),
  ]);
  dispatcher.wake();
  box.advance(29_999);
  await box.outbox.add([noticeOf('c', { dueAtMs: START_MS + 59_999 })]);
  box.advance(1);
  await eventually(() => expect(hook.effects).toHaveLength(3));
  expect(hook.calls.map(({ body }) => keysIn(body))).toEqual([['a', 'b', 'c']]);
  await box.outbox.add([noticeOf('urgent', { atMs: START_MS + 30_000, alert: { severity: 'critical' } })]);
  dispatcher.wake();
  await eventually(() => expect(hook.calls).toHaveLength(2));
});
