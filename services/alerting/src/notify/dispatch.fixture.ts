import { createRandom } from '@odograph/kernel/random';
import { silentLogger } from '@odograph/platform/logger';
import { testMongo } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import type { Db } from 'mongodb';
import { expect } from 'vitest';
import type { ChannelSettings } from './channel.ts';
import { Dispatcher } from './dispatcher.ts';
import { webhookTo } from './hook.fixture.ts';
import { TestClock } from './notices.fixture.ts';
import { Outbox } from './outbox.ts';
import type { Outcome, Receiver } from './receivers/receiver.ts';
import { createWebhook } from './receivers/webhook.ts';

/** An outbox in a new database and the dispatchers on it, with a clock that the test moves; `await using` ends all. */
export async function openOutbox() {
  const mongo = await testMongo();
  const clock = new TestClock();
  const outbox = await Outbox.open(mongo.db, clock);
  const dispatchers: Dispatcher[] = [];
  const start = (receivers: readonly ChannelSettings[], db: Outbox = outbox) => {
    const dispatcher = new Dispatcher({
      ...{ outbox: db, receivers, clock, random: createRandom(1), logger: silentLogger },
    });
    dispatchers.push(dispatcher);
    dispatcher.start();
    return dispatcher;
  };
  /** Moves the clock and wakes the dispatchers. */
  const advance = (ms: number) => {
    clock.advance(ms);
    for (const dispatcher of dispatchers) dispatcher.wake();
  };
  const stop = async () => {
    await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.stop(0)));
  };
  return {
    ...{ db: mongo.db, clock, outbox, start, advance, stop },
    async [Symbol.asyncDispose]() {
      await stop();
      await mongo[Symbol.asyncDispose]();
    },
  };
}

export type OpenOutbox = Awaited<ReturnType<typeof openOutbox>>;

export const hookChannel = (
  url: string,
  clock: TestClock,
  part: Partial<ChannelSettings> = {},
): ChannelSettings => ({
  ...channelOf(createWebhook(webhookTo(url), { clock, version: '1.2.3' })),
  ...part,
});

export const channelOf = (receiver: Receiver, part: Partial<ChannelSettings> = {}): ChannelSettings => ({
  ...{ name: 'hook', receiver, groupWaitMs: 0, fingerprint: 'first' },
  ...part,
});

/** As if the time of all leases had passed: their holders are dead, or have slept. */
export async function expireLeases(db: Db): Promise<void> {
  await db.collection('alerting_messages').updateMany({}, { $set: { 'lease.until': new Date(0) } });
}

/** Moves the clock on, as a day with a dispatcher does, until the check passes. */
export async function inTime(
  advance: (ms: number) => void,
  check: () => void | Promise<void>,
): Promise<void> {
  await eventually(async () => {
    advance(3_600_000);
    await check();
  });
}

export async function expectState(outbox: Outbox, alertId: string, states: readonly string[]): Promise<void> {
  const tracked = await outbox.ofAlert(alertId);
  expect(tracked.map(({ state }) => state)).toEqual(states);
}

export const GROUP = { receiver: 'hook', groupWaitMs: 0 };
export const CLAIMS = { owner: 'me', leaseMs: 60_000 };

/** Without a dispatcher. */
export async function deliverAll({ outbox }: OpenOutbox): Promise<void> {
  await outbox.form(GROUP);
  for (let claim = await outbox.claim('hook', CLAIMS); claim; claim = await outbox.claim('hook', CLAIMS))
    await outbox.record(claim, { kind: 'delivered' });
}

/** The next message becomes a dead letter. Returns its id. */
export async function endNext({ outbox }: OpenOutbox, reason: string): Promise<string> {
  await outbox.form(GROUP);
  const claim = await outbox.claim('hook', CLAIMS);
  if (!claim) throw new Error('nothing to send');
  await outbox.record(claim, { kind: 'dead', reason });
  return claim.message.id;
}

/** A receiver whose answers the test gives, one after the other. */
export function heldReceiver() {
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
