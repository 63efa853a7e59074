import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { Crash, type CrashPlan, DoomedProcess } from './crash.fixture.ts';
import { channelOf, expireLeases, openOutbox } from './dispatch.fixture.ts';
import { keysIn } from './hook.fixture.ts';
import { episodeOf, noticeOf, START_MS } from './notices.fixture.ts';
import { Outbox } from './outbox.ts';
import { DELIVERED, type Receiver } from './receivers/receiver.ts';

const NOTICES = [
  ...episodeOf('x', { dueAtMs: START_MS }),
  ...episodeOf('y', { dueAtMs: START_MS, atMs: START_MS + 1 }),
  noticeOf('z', { atMs: START_MS + 2, dueAtMs: START_MS }),
];
const KEYS = NOTICES.map(({ key }) => key);

/** A receiver that counts each id once, and what it saw. */
function dedupingReceiver() {
  const [seen, effects, bodies] = [new Set<string>(), [] as string[], new Map<string, Set<string>>()];
  const receiver: Receiver = {
    async send({ id, body }) {
      const text = new TextDecoder().decode(body);
      bodies.set(id, (bodies.get(id) ?? new Set()).add(text));
      if (!seen.has(id)) effects.push(...keysIn(text));
      seen.add(id);
      return DELIVERED;
    },
  };
  return { receiver, effects, bodies };
}

/** What a process does with the notices, in the order in which it may die. True if it came to the end. */
async function workAndDie(
  { db, clock, start, stop }: Awaited<ReturnType<typeof openOutbox>>,
  receiver: Receiver,
  plan: CrashPlan,
): Promise<boolean> {
  const doomed = new DoomedProcess(plan);
  const outbox = await Outbox.open(doomed.db(db), clock);
  const dying: Receiver = { send: (message, signal) => doomed.step(() => receiver.send(message, signal)) };
  try {
    await outbox.add(NOTICES);
    await outbox.addSuppressed([noticeOf('quiet')], 'silence');
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    return false;
  }
  const dispatcher = start([channelOf(dying)], outbox);
  await eventually(async () => {
    dispatcher.wake();
    const left = await db
      .collection('alerting_notices')
      .countDocuments({ state: { $in: ['blocked', 'waiting', 'sent'] } });
    const unsettled = await db.collection('alerting_messages').countDocuments({ is_settled: false });
    expect(doomed.isDead || left + unsettled === 0).toBe(true);
  });
  await stop();
  return !doomed.isDead;
}

test.each(['before', 'after'] as const)(
  'a process that dies %s any step loses nothing, and each notice has its effect once and in order',
  async (when) => {
    let step = 0;
    for (let hasEnded = false; !hasEnded; step += 1) {
      await using box = await openOutbox();
      const { receiver, effects, bodies } = dedupingReceiver();
      hasEnded = await workAndDie(box, receiver, { step, when });
      // The caller adds again what it does not know to be added, from the log.
      await box.outbox.add(NOTICES);
      await expireLeases(box.db);
      const next = box.start([channelOf(receiver)]);
      await eventually(async () => {
        next.wake();
        expect(
          await box.db.collection('alerting_notices').countDocuments({ state: 'delivered' }),
          `step ${step}`,
        ).toBe(KEYS.length);
      });
      await box.stop();
      expect(effects.toSorted(), `step ${step}`).toEqual(KEYS.toSorted());
      for (const name of ['x', 'y'])
        expect(effects.indexOf(`${name}:firing`)).toBeLessThan(effects.indexOf(`${name}:resolved`));
      for (const texts of bodies.values()) expect(texts.size, 'the bytes of a message').toBe(1);
      expect(
        await box.db.collection('alerting_messages').countDocuments({ state: { $ne: 'delivered' } }),
      ).toBe(0);
    }
    // Adding, forming, claiming, sending and recording are all among them.
    expect(step).toBeGreaterThan(30);
  },
  180_000,
);
