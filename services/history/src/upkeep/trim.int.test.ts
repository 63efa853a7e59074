import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsOptions } from '@odograph/platform/nats-options';
import { startTestNats } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { ensureStream } from '../log/streams.ts';
import { trimStream } from './trim.ts';

async function openTestStream(count: number, bytes = 100) {
  const nats = await startTestNats();
  const connection = await connect(natsOptions(nats));
  const manager = await jetstreamManager(connection);
  await ensureStream(manager, 0, { partitionCount: 1, maxBytes: 100_000, replicas: 1 });
  for (let at = 0; at < count; at += 1)
    await jetstream(connection).publish('events.0', new Uint8Array(bytes));
  const firstKept = async () => (await manager.streams.info('EVENTS-0')).state.first_seq;
  return {
    manager,
    firstKept,
    async [Symbol.asyncDispose]() {
      await connection.close();
      await nats[Symbol.asyncDispose]();
    },
  };
}

const HOUR_MS = 3_600_000;

test('envelopes younger than the limit are kept', async () => {
  await using stream = await openTestStream(10);
  await trimStream(stream.manager, 0, 10, {
    keepMs: HOUR_MS,
    bytesRatio: 0.5,
    idleRatio: 0,
    nowMs: Date.now(),
  });
  expect(await stream.firstKept()).toBe(1);
});

test('old envelopes are removed, but not the watermark’s envelope or those above it', async () => {
  await using stream = await openTestStream(10);
  const later = { keepMs: HOUR_MS, bytesRatio: 0.5, idleRatio: 0, nowMs: Date.now() + 2 * HOUR_MS };
  await trimStream(stream.manager, 0, 6, later);
  expect(await stream.firstKept()).toBe(6);
  await trimStream(stream.manager, 0, 6, later);
  expect(await stream.firstKept()).toBe(6);
});

test('a stream that is short of bytes keeps less, but everything above the watermark', async () => {
  await using stream = await openTestStream(20, 4_000);
  const short = { keepMs: HOUR_MS, bytesRatio: 0.4, idleRatio: 0, nowMs: Date.now() };
  await trimStream(stream.manager, 0, 20, short);
  expect(await stream.firstKept()).toBeGreaterThan(9);
  expect(await stream.firstKept()).toBeLessThan(13);
});

test.each([
  [4_000, true],
  [100, false],
])(
  'a stream with 20 envelopes of %i bytes says whether it fills, whatever the log has',
  async (bytes, isFilling) => {
    await using stream = await openTestStream(20, bytes);
    const half = { keepMs: HOUR_MS, bytesRatio: 0.5, idleRatio: 0, nowMs: Date.now() };
    for (const watermark of [5, 20])
      expect(await trimStream(stream.manager, 0, watermark, half)).toMatchObject({ isFilling });
  },
);

test('a stream with room stays as it is between two minutes, whatever could be removed', async () => {
  const later = { keepMs: HOUR_MS, bytesRatio: 0.5, idleRatio: 0.6, nowMs: Date.now() + 2 * HOUR_MS };
  await using roomy = await openTestStream(10, 4_000);
  expect(await trimStream(roomy.manager, 0, 10, later)).toEqual({ firstKept: 1, isFilling: true });
  await using full = await openTestStream(20, 4_000);
  expect(await trimStream(full.manager, 0, 20, later)).toMatchObject({ firstKept: 20 });
});

test('an empty stream is not changed', async () => {
  await using stream = await openTestStream(0);
  const all = { keepMs: 0, bytesRatio: 0.5, idleRatio: 0, nowMs: Date.now() };
  await expect(trimStream(stream.manager, 0, 0, all)).resolves.toEqual({
    firstKept: 0,
    isFilling: false,
  });
});
