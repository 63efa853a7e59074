import type { LogBatch } from '@odograph/client/log';
import { Bell } from '@odograph/kernel/bell';
import { Fault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LogFollower } from './log-follower.ts';

const at = (sequence: number): Position => ({ partition: 0, sequence });

/** A follower of a log of one partition, which tests write, cut off and end. */
function follow() {
  let nowMs = 0;
  let onDisconnect: (fault: Fault) => void = () => undefined;
  const batches: (LogBatch | undefined)[] = [];
  const written = new Bell();
  const ends = vi.fn(async (): Promise<Position[]> => [at(0)]);
  async function* eventBatches(options: { onDisconnect?: typeof onDisconnect } = {}) {
    onDisconnect = options.onDisconnect ?? onDisconnect;
    for (;;) {
      const batch = batches.shift();
      if (batch) yield batch;
      else await written.rung();
    }
  }
  const follower = new LogFollower(
    {
      client: { eventBatches: eventBatches as never, watermarks: ends },
      ...{ apply: () => undefined, onTrouble: () => undefined, onSuccess: () => undefined, now: () => nowMs },
    },
    [at(10)],
  );
  void follower.run();
  onTestFinished(() => follower.stop());
  const arrive = async (sequence: number) => {
    batches.push({ events: [], position: at(sequence) });
    written.ring();
    await vi.waitFor(() => expect(follower.positionOf(0)).toEqual(at(sequence)));
  };
  return {
    ...{ follower, ends, arrive },
    disconnect: () => onDisconnect(new Fault('UNAVAILABLE', 'away')),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

test('what was followed is known to be the end of the log from when it was last said', async () => {
  const { follower, arrive, pass } = follow();
  pass(3_000);
  expect([follower.isLive(0), follower.silentMs(0)]).toEqual([true, 3_000]);
  await arrive(11);
  expect(follower.silentMs(0)).toBe(0);
  pass(15_000);
  expect(follower.isLive(0)).toBe(false);
});

test('after a break it is not live, and its age goes on, until it is where the log ended', async () => {
  const { follower, ends, arrive, disconnect, pass } = follow();
  ends.mockResolvedValue([at(30)]);
  disconnect();
  pass(240_000);
  await arrive(20);
  await vi.waitFor(() => expect(ends).toHaveBeenCalled());
  expect([follower.isLive(0), follower.silentMs(0)]).toEqual([false, 240_000]);
  await arrive(30);
  expect([follower.isLive(0), follower.silentMs(0)]).toEqual([true, 0]);
});

test('where the log ends is asked again if that fails, and after the next break', async () => {
  const { follower, ends, arrive, disconnect, pass } = follow();
  ends.mockRejectedValueOnce(new Fault('UNAVAILABLE', 'away'));
  disconnect();
  await arrive(11);
  await arrive(12);
  expect(ends).toHaveBeenCalledTimes(1);
  pass(1_000);
  await arrive(13);
  expect(ends).toHaveBeenCalledTimes(2);
  await vi.waitFor(() => expect(follower.isLive(0)).toBe(true));

  const { promise, resolve } = Promise.withResolvers<Position[]>();
  ends.mockReturnValueOnce(promise);
  disconnect();
  await arrive(14);
  disconnect();
  resolve([at(0)]);
  await promise;
  expect(follower.isLive(0)).toBe(false);
  await arrive(15);
  await vi.waitFor(() => expect(follower.isLive(0)).toBe(true));
});

test('one that was stopped is not live, and keeps no one waiting', async () => {
  const { follower } = follow();
  const waiting = follower.reach(at(99), new AbortController().signal);
  follower.stop();
  expect(await waiting).toBe(false);
  expect(follower.isLive(0)).toBe(false);
});
