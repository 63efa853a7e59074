import type { JetStreamManager } from '@nats-io/jetstream';
import { systemClock } from '@odograph/kernel/clock';
import { silentLogger } from '@odograph/platform/logger';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTrimming } from './trim.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Trims a stream of at most 100 bytes, whose envelopes have 10 bytes each, are old, and are in the log. */
function startOn(bytes: number, isOwner: () => boolean, purge: () => Promise<void> = async () => undefined) {
  const lastSequence = bytes / 10;
  const looks = vi.fn(async () => ({
    created: '2024-05-01T12:00:00Z',
    config: { name: 'EVENTS-0', subjects: ['events.0'], max_bytes: 100 },
    state: { first_seq: 1, last_seq: lastSequence, bytes },
  }));
  const removals = vi.fn(purge);
  const manager = {
    streams: { info: looks, purge: removals },
    direct: { getMessage: async () => undefined },
  } as unknown as JetStreamManager;
  const trimming = startTrimming({
    ...{ partitionCount: 1, keepMs: 1, clock: systemClock, logger: silentLogger, manager, isOwner },
    reader: { watermark: async () => lastSequence },
    metrics: { retried: () => undefined },
  });
  return { looks, removals, stop: () => trimming.stop() };
}

test.each([
  ['an empty stream', 0, { looks: 3, removals: 0 }],
  ['one that is over a quarter full', 30, { looks: 61, removals: 3 }],
  ['one that is nearly full', 70, { looks: 61, removals: 61 }],
])(
  'a stream is trimmed as soon as it is owned, and for two minutes after that: %s',
  async (_, bytes, counts) => {
    let isOwner = false;
    const { looks, removals, stop } = startOn(bytes, () => isOwner);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(looks).not.toHaveBeenCalled();
    isOwner = true;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(looks).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(looks).toHaveBeenCalledTimes(counts.looks);
    expect(removals).toHaveBeenCalledTimes(counts.removals);
    stop();
  },
);

test('a removal that fails is tried again every 2 s', async () => {
  const { removals, stop } = startOn(
    30,
    () => true,
    () => Promise.reject(new Error('NATS does not answer')),
  );
  await vi.advanceTimersByTimeAsync(20_000);
  expect(removals).toHaveBeenCalledTimes(10);
  stop();
});
