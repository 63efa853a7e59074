import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { AppendResult } from '@odograph/event-log/pending-append';
import type { AppendOptions } from '@odograph/event-log/publisher';
import { Fault } from '@odograph/kernel/fault';
import { silentLogger } from '@odograph/platform/logger';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTicks, tickEvent } from './ticks.ts';

const NOON_MS = Date.UTC(2026, 2, 1, 12);
const clock = { now: () => Date.now() };

beforeEach(() => void vi.useFakeTimers({ now: NOON_MS + 3_000 }));
afterEach(() => void vi.useRealTimers());

function fakePublisher(partitionCount: number | undefined) {
  const appended: (readonly [partition: number, observedAtMs: number])[] = [];
  return {
    appended,
    partitionCount: () => partitionCount,
    appendAll: async (appends: readonly (readonly Event[])[], { partition = -1 }: AppendOptions) => {
      return appends.map(([event]): AppendResult => {
        const sequence = appended.push([partition, event?.observedAtMs ?? 0]);
        return { partition, sequence, index: 0 };
      });
    },
  };
}

test('each partition gets one tick every ten seconds, on the ten seconds', async () => {
  const publisher = fakePublisher(2);
  const ticks = startTicks({ publisher, clock, logger: silentLogger });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(publisher.appended).toEqual([
    [0, NOON_MS + 10_000],
    [1, NOON_MS + 10_000],
    [0, NOON_MS + 20_000],
    [1, NOON_MS + 20_000],
  ]);
  await ticks.stop();
});

test('after stop there are no ticks', async () => {
  const publisher = fakePublisher(1);
  await startTicks({ publisher, clock, logger: silentLogger }).stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(publisher.appended).toEqual([]);
});

test('a log that is missing or unavailable does not stop the ticks', async () => {
  const publisher = fakePublisher(1);
  const append = publisher.appendAll;
  publisher.partitionCount = () => undefined;
  const ticks = startTicks({ publisher, clock, logger: silentLogger });
  await vi.advanceTimersByTimeAsync(10_000);
  publisher.partitionCount = () => 1;
  publisher.appendAll = async () => [new Fault('UNAVAILABLE', 'down')];
  await vi.advanceTimersByTimeAsync(10_000);
  publisher.appendAll = append;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(publisher.appended).toEqual([[0, NOON_MS + 30_000]]);
  await ticks.stop();
});

test('the ticks of two replicas within the same ten seconds have one key and one content', () => {
  const [one, other] = [tickEvent(0, NOON_MS + 100), tickEvent(0, NOON_MS + 9_900)];
  expect({ ...other, receivedAtMs: 0 }).toEqual({ ...one, receivedAtMs: 0 });
  expect(tickEvent(1, NOON_MS).subject).not.toBe(one.subject);
});

test('a tick is decoded as TimeTicked', () => {
  expect(decodeEvent(tickEvent(3, NOON_MS + 100))).toEqual({
    type: 'TimeTicked',
    subject: 'clock/3',
    reportId: 'tick',
    observedAtMs: NOON_MS,
    receivedAtMs: NOON_MS + 100,
  });
});
