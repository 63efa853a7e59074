import { systemClock } from '@odograph/kernel/clock';
import { createRandom } from '@odograph/kernel/random';
import { silentLogger } from '@odograph/platform/logger';
import { eventually } from '@odograph/testing/eventually';
import { describe, expect, test } from 'vitest';
import { channelOf, expectState, expireLeases, hookChannel, inTime, openOutbox } from './dispatch.fixture.ts';
import { Dispatcher } from './dispatcher.ts';
import { answering, keysIn, openHook } from './hook.fixture.ts';
import { episodeOf, noticeOf, START_MS } from './notices.fixture.ts';
import { Outbox } from './outbox.ts';
import { DELIVERED, type Outcome, type Receiver, retry } from './receivers/receiver.ts';

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

describe('a receiver that', () => {
  test('answers errors gets the message again with the same id and body, and in the end it is a dead letter', async () => {
    await using box = await openOutbox();
    await using hook = await openHook();
    hook.answer = answering(500);
    box.start([hookChannel(hook.url, box.clock)]);
    await box.outbox.add(episodeOf('x'));
    await inTime(box.advance, () => expectState(box.outbox, 'x', ['dead', 'dead']));
    expect(hook.calls).toHaveLength(10);
    expect(new Set(hook.calls.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
    expect(new Set(hook.calls.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10);
    const letter = (await box.outbox.deadLetters()).find(({ id }) => id === 'x:firing');
    expect(letter).toMatchObject({
      attempts: 10,
      reason: '10 attempts failed, the last one: it answered 500',
    });

    hook.answer = undefined;
    await box.outbox.replay([letter?.id ?? '']);
    await inTime(box.advance, () => expect(hook.effects).toEqual(['x:firing', 'x:resolved']));
  });

  test('is down for hours gets the firing first, and then the resolved', async () => {
    await using box = await openOutbox();
    const { url } = await closedHook();
    box.start([hookChannel(url, box.clock)]);
    await box.outbox.add([episodeOf('x')[0]]);
    box.advance(0);
    await eventually(async () => expect((await box.outbox.ofAlert('x'))[0]?.attempts).toBe(1));
    await box.outbox.add([episodeOf('x')[1]]);
    box.advance(MINUTE_MS);
    await eventually(async () => expect((await box.outbox.ofAlert('x'))[0]?.attempts).toBe(2));
    await expectState(box.outbox, 'x', ['sent', 'blocked']);
    await using hook = await openHook(Number(new URL(url).port));
    await inTime(box.advance, () => expect(hook.effects).toEqual(['x:firing', 'x:resolved']));
  });

  test('hangs up after it has read the message gets the same id again, and counts it once', async () => {
    await using box = await openOutbox();
    await using hook = await openHook();
    hook.answer = (_, response) => void response.socket?.destroy();
    box.start([hookChannel(hook.url, box.clock)]);
    await box.outbox.add([noticeOf('a')]);
    await inTime(box.advance, () => expect(hook.calls.length).toBeGreaterThan(2));
    hook.answer = undefined;
    await inTime(box.advance, () => expectState(box.outbox, 'alert-a', ['delivered']));
    expect(hook.effects).toEqual(['a']);
  });

  test.each([
    [429, 'in seconds', '7200'],
    [503, 'as a date', new Date(START_MS + 7_200_000).toUTCString()],
  ])('answers %i with Retry-After %s gets it then', async (status, _, retryAfter) => {
    await using box = await openOutbox();
    await using hook = await openHook();
    hook.answer = answering(status, { 'retry-after': retryAfter });
    box.start([hookChannel(hook.url, box.clock)]);
    await box.outbox.add([noticeOf('a')]);
    box.advance(0);
    const nextAtMs = () => box.outbox.nextAtMs(['hook'], box.clock.now());
    await eventually(async () => expect(await nextAtMs()).toBe(START_MS + 7_200_000));
    hook.answer = undefined;
    box.advance(7_199_000);
    box.advance(1_000);
    await eventually(() => expect(hook.effects).toEqual(['a']));
    expect(hook.calls).toHaveLength(2);
  });

  test('is gone is disabled, until its configuration changes', async () => {
    await using box = await openOutbox();
    await using hook = await openHook();
    hook.answer = answering(410);
    const dispatcher = box.start([hookChannel(hook.url, box.clock)]);
    await box.outbox.add([noticeOf('a')]);
    dispatcher.wake();
    await eventually(() => expectState(box.outbox, 'alert-a', ['dead']));
    await box.outbox.add([noticeOf('b')]);
    dispatcher.wake();
    await eventually(() => expectState(box.outbox, 'alert-b', ['dead']));
    expect(hook.calls).toHaveLength(1);
    expect((await box.outbox.ofAlert('alert-b'))[0]?.reason).toBe(
      'the receiver is disabled: it answered 410: it wants no more messages',
    );
    await box.stop();
    hook.answer = undefined;
    await box.outbox.add([noticeOf('c')]);
    box.start([hookChannel(hook.url, box.clock, { fingerprint: 'second' })]);
    await eventually(() => expect(hook.effects).toEqual(['c']));
  });

  test('is gone is enabled by a replay', async () => {
    await using box = await openOutbox();
    await using hook = await openHook();
    hook.answer = answering(410);
    box.start([hookChannel(hook.url, box.clock)]);
    await box.outbox.add([noticeOf('a')]);
    await inTime(box.advance, () => expectState(box.outbox, 'alert-a', ['dead']));
    hook.answer = undefined;
    await box.outbox.replay(['a']);
    await inTime(box.advance, () => expect(hook.effects).toEqual(['a']));
  });

  test('redirects is not followed', async () => {
    await using box = await openOutbox();
    await using elsewhere = await openHook();
    await using hook = await openHook();
    hook.answer = answering(307, { location: elsewhere.url });
    box.start([hookChannel(hook.url, box.clock)]);
    await box.outbox.add([noticeOf('a')]);
    await inTime(box.advance, () => expectState(box.outbox, 'alert-a', ['dead']));
    expect([hook.calls.length, elsewhere.connections()]).toEqual([1, 0]);
    expect((await box.outbox.deadLetters())[0]?.reason).toContain('redirects are not followed');
  });

  test('refuses a message gets three attempts', async () => {
    await using box = await openOutbox();
    await using hook = await openHook();
    hook.answer = answering(401);
    box.start([hookChannel(hook.url, box.clock)]);
    await box.outbox.add([noticeOf('a')]);
    await inTime(box.advance, () => expectState(box.outbox, 'alert-a', ['dead']));
    expect(hook.calls).toHaveLength(3);
  });

  test('fails or throws does not hold up another one', async () => {
    await using box = await openOutbox();
    await using hook = await openHook();
    const broken: Receiver = { send: () => Promise.reject(new TypeError('whsec_secret')) };
    const stuck: Receiver = { send: () => new Promise<Outcome>(() => undefined) };
    await box.outbox.add([
      ...Array.from({ length: 9 }, (_, at) => noticeOf(`stuck${at}`, { receiver: 'stuck' })),
      ...[noticeOf('a'), noticeOf('b', { receiver: 'broken' })],
    ]);
    box.start([
      channelOf(stuck, { name: 'stuck' }),
      channelOf(broken, { name: 'broken' }),
      hookChannel(hook.url, box.clock),
    ]);
    await eventually(() => expect(hook.effects).toEqual(['a']));
    await eventually(async () =>
      expect((await box.outbox.ofAlert('alert-b'))[0]?.reason).toBe('an unexpected TypeError'),
    );
  });
});

/** A port where nothing listens. */
async function closedHook(): Promise<{ readonly url: string }> {
  await using hook = await openHook();
  return { url: hook.url };
}

/** A receiver whose answers the test gives, one after the other. */
function heldReceiver() {
  const held: { readonly id: string; readonly answer: (outcome: Outcome) => void }[] = [];
  const receiver: Receiver = {
    send({ id }) {
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      held.push({ id, answer: resolve });
      return promise;
    },
  };
  return { receiver, held };
}

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

test('two processes send a message with the same id if one of them sleeps longer than its lease', async () => {
  await using box = await openOutbox();
  await using hook = await openHook();
  const asleep = heldReceiver();
  await box.outbox.add([noticeOf('a')]);
  box.start([channelOf(asleep.receiver)]);
  await eventually(() => expect(asleep.held).toHaveLength(1));
  const other = box.start([hookChannel(hook.url, box.clock)]);
  other.wake();
  expect(hook.calls).toEqual([]);
  await expireLeases(box.db);
  await inTime(box.advance, () => expectState(box.outbox, 'alert-a', ['delivered']));
  expect(hook.calls.map(({ id }) => id)).toEqual([asleep.held[0]?.id]);
  asleep.held[0]?.answer({ kind: 'gone', reason: 'it woke up late' });
  await box.stop();
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
