import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { encodeBroadcast, type PartitionHealth } from '@odograph/event-log/broadcast';
import { logSubject } from '@odograph/event-log/nats-subjects';
import type { NewStretch } from '@odograph/event-log/subscribe';
import { natsOptions } from '@odograph/platform/nats-options';
import { startTestNats } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { answerBells } from './bells.ts';
import { openLiveLog } from './broadcaster.ts';

/** A log with a number of empty envelopes, which counts what is read of it. */
function countedLog() {
  const log = { end: 1, watermarks: 0, reads: 0, isAway: false };
  const reader = {
    async watermark() {
      log.watermarks += 1;
      if (log.isAway) throw new Error('MongoDB is away');
      return log.end;
    },
    async read(_: number, __: number, through: number) {
      log.reads += 1;
      return { events: [], through };
    },
  };
  return { log, reader };
}

async function openBells({ isOwner = false } = {}) {
  const nats = await startTestNats();
  const connection = await connect({ ...natsOptions(nats), noEcho: true });
  const other = await connect(natsOptions(nats));
  const { log, reader } = countedLog();
  const live = openLiveLog(connection);
  const troubles: unknown[] = [];
  const bells = answerBells({
    ...{ connection, partitionCount: 1, reader, live, isOwner: () => isOwner },
    trouble: { failed: (error) => troubles.push(error), succeeded: () => undefined },
  });
  const heard: NewStretch[] = [];
  for (let follower = 0; follower < 3; follower += 1) live.listen(0, (stretch) => heard.push(stretch));
  const ring = async (watermark: number, state: PartitionState = PartitionState.RUNNING) => {
    other.publish(logSubject(0), encodeBroadcast({ partition: 0, watermark, state, streamCreatedAtMs: 1 }));
    await other.flush();
  };
  await connection.flush();
  return {
    ...{ log, live, troubles, heard, ring },
    async [Symbol.asyncDispose]() {
      await bells.stop();
      await Promise.all([connection.close(), other.close()]);
      await nats[Symbol.asyncDispose]();
    },
  };
}

const follow = (heard: readonly NewStretch[]) => heard.map(({ after, through }) => [after, through]);

test('a bell is answered with one read for all who follow the log', async () => {
  await using test = await openBells();
  await test.ring(1);
  await eventually(() => expect(follow(test.heard)).toEqual(Array(3).fill([1, 1])));
  test.log.end = 4;
  await test.ring(4);
  await eventually(() => expect(follow(test.heard.slice(3))).toEqual(Array(3).fill([1, 4])));
  expect(test.log.reads).toBe(1);
});

test('bells are joined, and one that points above the log finds nothing', async () => {
  await using test = await openBells();
  const startedAtMs = performance.now();
  for (let at = 0; at < 2_000; at += 1) void test.ring(1_000_000 + at);
  await test.ring(2_000_000);
  await eventually(() => expect(test.log.watermarks).toBeGreaterThan(0));
  await delay(50);
  expect(test.log.watermarks).toBeLessThanOrEqual(2 + (performance.now() - startedAtMs) / 5);
  expect(test.log.reads).toBe(0);
  expect(test.live.passedThrough(0)).toBe(1);
});

test('for a partition that this process owns, what NATS says is ignored', async () => {
  await using test = await openBells({ isOwner: true });
  const own: PartitionHealth = { state: PartitionState.RUNNING, streamCreatedAtMs: 1 };
  test.live.broadcaster(0).send(1, [], own);
  await test.ring(5, PartitionState.HALTED);
  await delay(50);
  expect([test.log.watermarks, test.live.passedThrough(0)]).toEqual([0, 1]);
  expect(test.live.health(0)).toEqual(own);
});

test('a read that fails is told, and the next bell reads again', async () => {
  await using test = await openBells();
  test.log.isAway = true;
  await test.ring(1);
  await eventually(() => expect(test.troubles).toHaveLength(1));
  test.log.isAway = false;
  await test.ring(1);
  await eventually(() => expect(test.live.passedThrough(0)).toBe(1));
});
