import { describe, expect, test } from 'vitest';
import { deliverAll, endNext, expectState, GROUP, openOutbox } from './dispatch.fixture.ts';
import { episodeOf, noticeOf, START_MS } from './notices.fixture.ts';

describe('what follows', () => {
  test('waits until its firing is delivered', async () => {
    await using box = await openOutbox();
    await box.outbox.add(episodeOf('x'));
    box.clock.advance(3_600_000);
    await box.outbox.form(GROUP);
    await expectState(box.outbox, 'x', ['sent', 'blocked']);
    await deliverAll(box);
    await expectState(box.outbox, 'x', ['delivered', 'waiting']);
    await deliverAll(box);
    await expectState(box.outbox, 'x', ['delivered', 'delivered']);
  });

  test('dies with its firing, also if it comes later, and lives again with it', async () => {
    await using box = await openOutbox();
    const [firing, resolved] = episodeOf('x');
    await box.outbox.add([firing]);
    const id = await endNext(box, 'no such place');
    await box.outbox.add([resolved]);
    await box.outbox.add([
      noticeOf('again', { follows: resolved.key, alert: { id: 'x' }, atMs: START_MS + 70_000 }),
    ]);
    await expectState(box.outbox, 'x', ['dead', 'dead', 'dead']);
    const letters = await box.outbox.deadLetters();
    expect(letters.map((letter) => [letter.id, letter.reason])).toEqual(
      expect.arrayContaining([
        [id, 'no such place'],
        [resolved.key, 'what it follows is a dead letter'],
      ]),
    );
    expect(await box.outbox.replay([id, 'unknown'])).toEqual([id]);
    await expectState(box.outbox, 'x', ['sent', 'blocked', 'blocked']);
    box.clock.advance(3_600_000);
    for (const _ of [firing, resolved, 'again']) await deliverAll(box);
    await expectState(box.outbox, 'x', ['delivered', 'delivered', 'delivered']);
    expect(await box.outbox.deadLetters()).toEqual([]);
  });

  test('cannot be replayed before what it follows', async () => {
    await using box = await openOutbox();
    const [firing, resolved] = episodeOf('x');
    await box.outbox.add([firing, resolved]);
    await endNext(box, 'no');
    expect(await box.outbox.replay([resolved.key])).toEqual([resolved.key]);
    await expectState(box.outbox, 'x', ['dead', 'dead']);
  });

  test('is suppressed with its firing', async () => {
    await using box = await openOutbox();
    const [firing, resolved] = episodeOf('x');
    await box.outbox.addSuppressed([firing], 'silence of bus-17');
    await box.outbox.add([resolved]);
    await deliverAll(box);
    const tracked = await box.outbox.ofAlert('x');
    expect(tracked.map(({ state, reason }) => [state, reason])).toEqual([
      ['suppressed', 'silence of bus-17'],
      ['suppressed', 'what it follows is suppressed'],
    ]);
    expect(await box.outbox.counts()).toEqual([
      { receiver: 'hook', waiting: 0, sending: 0, retrying: 0, dead: 0, delivered: 0, suppressed: 2 },
    ]);
  });

  test('something unknown is a dead letter, and is sent if a person replays it', async () => {
    await using box = await openOutbox();
    const [, resolved] = episodeOf('x');
    await box.outbox.add([resolved]);
    const [letter] = await box.outbox.deadLetters({ receiver: 'hook' });
    expect(letter).toMatchObject({ id: resolved.key, reason: 'it follows x:firing, which is not known' });
    box.clock.advance(60_000);
    await box.outbox.replay([resolved.key]);
    await deliverAll(box);
    await expectState(box.outbox, 'x', ['delivered']);
  });
});

test('a resolved that was added while its firing ended, by a process that ended then, is moved on', async () => {
  await using box = await openOutbox();
  const [firing, resolved] = episodeOf('x');
  await box.outbox.add([firing, resolved]);
  await deliverAll(box);
  await box.db
    .collection('notices')
    .updateOne({ alert_id: 'x', state: 'waiting' }, { $set: { state: 'blocked' } });
  await box.outbox.sweep();
  await expectState(box.outbox, 'x', ['delivered', 'waiting']);
});
