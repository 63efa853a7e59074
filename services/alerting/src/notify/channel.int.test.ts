import { eventually } from '@odograph/testing/eventually';
import { describe, expect, test } from 'vitest';
import { channelOf, expectState, hookChannel, inTime, openOutbox } from './dispatch.fixture.ts';
import { answering, openHook } from './hook.fixture.ts';
import { episodeOf, noticeOf, START_MS } from './notices.fixture.ts';
import type { Outcome, Receiver } from './receivers/receiver.ts';

const MINUTE_MS = 60_000;

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
