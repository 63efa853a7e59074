import type { JetStreamManager } from '@nats-io/jetstream';
import { systemClock } from '@odograph/kernel/clock';
import { silentLogger } from '@odograph/platform/logger';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTrimming } from './trim.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([
  ['an empty stream', 0, 0, 1],
  ['one that is over a quarter full', 30, 3, 30],
])(
  'a process looks at a stream as soon as it owns it, and then again: %s',
  async (_, bytes, lastSequence, looksAMinute) => {
    let isOwner = false;
    const info = vi.fn(async () => ({
      ...{
        created: '2024-05-01T12:00:00Z',
        config: { name: 'EVENTS-0', subjects: ['events.0'], max_bytes: 100 },
      },
      state: { first_seq: 1, last_seq: lastSequence, bytes },
    }));
    const trimming = startTrimming({
      ...{ partitionCount: 1, keepMs: 1, clock: systemClock, logger: silentLogger },
      manager: {
        streams: { info },
        direct: { getMessage: async () => undefined },
      } as unknown as JetStreamManager,
      reader: { watermark: async () => 0 },
      isOwner: () => isOwner,
      metrics: { retried: () => undefined },
    });
    await vi.advanceTimersByTimeAsync(200_000);
    expect(info).not.toHaveBeenCalled();
    isOwner = true;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(info).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(info).toHaveBeenCalledTimes(1 + 2 * looksAMinute);
    trimming.stop();
  },
);
