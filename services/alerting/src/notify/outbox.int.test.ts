import { describe, expect, test } from 'vitest';
import { CLAIMS, deliverAll, endNext, expectState, GROUP, openOutbox } from './dispatch.fixture.ts';
import { episodeOf, noticeOf, START_MS } from './notices.fixture.ts';

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('forming', () => {
  test('takes all that are due, the oldest first, and once', async () => {
    await using box = await openOutbox();
    const notices = ['c', 'a', 'b'].map((key, at) => noticeOf(key, { atMs: START_MS - at }));
    await box.outbox.add(notices);
    await box.outbox.add(notices);
    await box.outbox.form(GROUP);
    await box.outbox.form(GROUP);
    const claim = await box.outbox.claim('hook', CLAIMS);
    expect(claim?.message.id).toBe('b');
    expect(claim?.message.notices.map(({ key }) => key)).toEqual(['b', 'a', 'c']);
    expect(await box.outbox.claim('hook', CLAIMS)).toBeUndefined();
  });

  test('gives a message 100 notices at most', async () => {
    await using box = await openOutbox();
    await box.outbox.add(Array.from({ length: 250 }, (_, at) => noticeOf(`n${at}`)));
    await box.outbox.form(GROUP);
    const sizes: number[] = [];
    for (
      let claim = await box.outbox.claim('hook', CLAIMS);
      claim;
      claim = await box.outbox.claim('hook', CLAIMS)
    )
      sizes.push(claim.message.notices.length);
    expect(sizes.toSorted()).toEqual([100, 100, 50]);
  });

  test('waits for the group, and then takes what came within the wait', async () => {
    await using box = await openOutbox();
    const group = { receiver: 'hook', groupWaitMs: 30_000 };
    await box.outbox.add([noticeOf('first', { dueAtMs: START_MS + 30_000 })]);
    await box.outbox.form(group);
    expect(await box.outbox.claim('hook', CLAIMS)).toBeUndefined();
    box.clock.advance(20_000);
    await box.outbox.add([noticeOf('second', { atMs: START_MS + 20_000, dueAtMs: START_MS + 50_000 })]);
    box.clock.advance(10_000);
    await box.outbox.form(group);
    const claim = await box.outbox.claim('hook', CLAIMS);
    expect(claim?.message.notices.map(({ key }) => key)).toEqual(['first', 'second']);
  });

  test('sends what is critical at once', async () => {
    await using box = await openOutbox();
    await box.outbox.add([noticeOf('urgent', { alert: { severity: 'critical' } })]);
    await box.outbox.form({ receiver: 'hook', groupWaitMs: 30_000 });
    expect((await box.outbox.claim('hook', CLAIMS))?.message.id).toBe('urgent');
  });

  test('by several processes at once puts each notice in one message', async () => {
    await using box = await openOutbox();
    const keys = Array.from({ length: 300 }, (_, at) => `n${at}`);
    const adding = async () => {
      for (const key of keys)
        await box.outbox.add([noticeOf(key, { atMs: START_MS - (Number(key.slice(1)) % 7) })]);
    };
    let isAdding = true;
    const forming = async () => {
      while (isAdding) await box.outbox.form(GROUP);
    };
    const repairing = async () => {
      while (isAdding) await box.outbox.repair();
    };
    await Promise.all([
      adding().finally(() => (isAdding = false)),
      forming(),
      forming(),
      forming(),
      repairing(),
    ]);
    await box.outbox.repair();
    await box.outbox.form(GROUP);
    const sent: string[] = [];
    for (
      let claim = await box.outbox.claim('hook', CLAIMS);
      claim;
      claim = await box.outbox.claim('hook', CLAIMS)
    ) {
      const { id, notices, body } = claim.message;
      expect(notices.map(({ key }) => key)).toContain(id);
      expect(JSON.parse(decode(body)).data.notices).toHaveLength(notices.length);
      sent.push(...notices.map(({ key }) => key));
    }
    expect(sent.toSorted()).toEqual(keys.toSorted());
  });
});

describe('a message', () => {
  test('has the same bytes at every attempt', async () => {
    await using box = await openOutbox();
    await box.outbox.add([noticeOf('a', { alert: { description: 'ü "quoted" \u2028 \ud83d\ude8c' } })]);
    await box.outbox.form(GROUP);
    const first = await box.outbox.claim('hook', CLAIMS);
    if (!first) throw new Error('no claim');
    await box.outbox.record(first, { kind: 'again', atMs: START_MS, reason: '$reason' });
    expect((await box.outbox.ofAlert('alert-a'))[0]?.reason).toBe('$reason');
    const second = await box.outbox.claim('hook', CLAIMS);
    expect(second?.message).toEqual(first.message);
    expect(second?.attempts).toBe(1);
    expect(second?.token).toBe(2);
    if (second) await box.outbox.record(second, { kind: 'delivered' });
    const [tracked] = await box.outbox.ofAlert('alert-a');
    expect(tracked).toMatchObject({ state: 'delivered', attempts: 2, reason: undefined });
  });

  test('is claimed by one, and an outcome counts only under its token', async () => {
    await using box = await openOutbox();
    await box.outbox.add([noticeOf('a')]);
    await box.outbox.form(GROUP);
    const slow = await box.outbox.claim('hook', { owner: 'slow', leaseMs: 1 });
    const claims = { owner: 'quick', leaseMs: 60_000 };
    await expect.poll(async () => (await box.outbox.claim('hook', claims))?.token).toBe(2);
    if (!slow) throw new Error('no claim');
    expect(await box.outbox.record(slow, { kind: 'dead', reason: 'too late' })).toBe(false);
    await box.outbox.release(slow);
    expect(await box.outbox.claim('hook', CLAIMS)).toBeUndefined();
    await expectState(box.outbox, 'alert-a', ['sent']);
  });

  test('that is released can be claimed at once, and has no attempt more', async () => {
    await using box = await openOutbox();
    await box.outbox.add([noticeOf('a')]);
    await box.outbox.form(GROUP);
    const claim = await box.outbox.claim('hook', CLAIMS);
    if (claim) await box.outbox.release(claim);
    expect(await box.outbox.claim('hook', CLAIMS)).toMatchObject({ attempts: 0, token: 2 });
  });

  test('is removed thirty days after its delivery, with its notices, but not a firing that nothing has followed', async () => {
    await using box = await openOutbox();
    const [firing, resolved] = episodeOf('x');
    const expiries = async () => {
      const kept = await box.db
        .collection<{ _id: string; expires_at?: Date }>('alerting_notices')
        .find()
        .sort({ at: 1 })
        .toArray();
      return kept.map(({ expires_at: at }) => at && Math.round((at.getTime() - START_MS) / 86_400_000));
    };
    await box.outbox.add([firing]);
    await deliverAll(box);
    expect(await expiries()).toEqual([366]);
    box.clock.advance(86_400_000);
    await box.outbox.add([resolved]);
    await deliverAll(box);
    expect(await expiries()).toEqual([31, 31]);
    const messages = await box.db.collection('alerting_messages').find().toArray();
    expect(messages.every((message) => message['expires_at'] instanceof Date)).toBe(true);
    const indexes = await box.db.collection('alerting_messages').indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ expireAfterSeconds: 0 }));
  });
});

test('dead letters come in pages, the newest first', async () => {
  await using box = await openOutbox();
  for (const key of ['a', 'b', 'c']) {
    await box.outbox.add([noticeOf(key)]);
    await endNext(box, `reason ${key}`);
    box.clock.advance(1_000);
  }
  const page = await box.outbox.deadLetters({ limit: 2 });
  expect(page.map(({ id }) => id)).toEqual(['c', 'b']);
  const next = await box.outbox.deadLetters({ limit: 2, after: page.at(-1) });
  expect(next.map(({ id }) => id)).toEqual(['a']);
  expect(await box.outbox.deadLetters({ receiver: 'other' })).toEqual([]);
});

test('of dead letters of one time, none is left out between two pages', async () => {
  await using box = await openOutbox();
  for (const key of ['a', 'b', 'c']) {
    await box.outbox.add([noticeOf(key)]);
    await endNext(box, 'gone');
  }
  const ids: string[] = [];
  let page = await box.outbox.deadLetters({ limit: 1 });
  while (page[0]) {
    ids.push(page[0].id);
    page = await box.outbox.deadLetters({ limit: 1, after: page[0] });
  }
  expect(ids).toEqual(['a', 'b', 'c']);
});

test('a dead letter is removed after a year, unless it is replayed', async () => {
  await using box = await openOutbox();
  await box.outbox.add([noticeOf('a')]);
  await endNext(box, 'gone');
  const expiries = async () => {
    const collections = ['alerting_messages', 'alerting_notices'].map((name) => box.db.collection(name));
    return (await Promise.all(collections.map((each) => each.findOne({})))).map(
      (found) => found?.['expires_at'],
    );
  };
  const inAYear = new Date(box.clock.now() + 366 * 86_400_000);
  expect(await expiries()).toEqual([inAYear, inAYear]);
  expect(await box.outbox.replay(['a'])).toEqual(['a']);
  expect(await expiries()).toEqual([undefined, undefined]);
});

test('a key that cannot be the id of a webhook is refused', async () => {
  await using box = await openOutbox();
  for (const key of ['a.b', 'a b', 'ü', 'a\r\nx: y', '', 'x'.repeat(201)])
    await expect(box.outbox.add([noticeOf(key)])).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('counts say what waits, is sent, is tried again, is dead and is delivered', async () => {
  await using box = await openOutbox();
  await box.outbox.add([noticeOf('delivered')]);
  await deliverAll(box);
  await box.outbox.add([noticeOf('dead')]);
  await endNext(box, 'no');
  await box.outbox.add([noticeOf('retried')]);
  await box.outbox.form(GROUP);
  const claim = await box.outbox.claim('hook', CLAIMS);
  if (claim)
    await box.outbox.record(claim, { kind: 'again', atMs: START_MS + 5_000, reason: 'it answered 500' });
  await box.outbox.add([noticeOf('waiting', { dueAtMs: START_MS + 9_000 })]);
  expect(await box.outbox.counts()).toEqual([
    { receiver: 'hook', waiting: 1, sending: 1, retrying: 1, dead: 1, delivered: 1, suppressed: 0 },
  ]);
  expect(await box.outbox.nextAtMs(['hook'], START_MS)).toBe(START_MS + 5_000);
  expect(await box.outbox.nextAtMs(['other'], START_MS)).toBeUndefined();
  const [tracked] = await box.outbox.ofAlert('alert-retried');
  expect(tracked).toMatchObject({
    state: 'sent',
    attempts: 1,
    reason: 'it answered 500',
    messageId: 'retried',
  });
});
