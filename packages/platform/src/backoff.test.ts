import { Fault, isFault } from '@odograph/kernel/fault';
import { describe, expect, test } from 'vitest';
import { backoffMs, retry } from './backoff.ts';

const isWorthRetrying = (error: unknown) => isFault(error, 'UNAVAILABLE');
const soon = () => ({ firstMs: 1, maxMs: 2, deadlineAtMs: Date.now() + 10_000, isWorthRetrying });

/** Work that fails so many times, then gives how often it was tried. */
function failing(times: number, error: Error) {
  let tried = 0;
  return () => {
    tried += 1;
    return tried <= times ? Promise.reject(error) : Promise.resolve(tried);
  };
}

describe('a backoff', () => {
  test('doubles up to its limit, and lies anywhere between nothing and that', () => {
    const longest = { firstMs: 10, maxMs: 1_000, random: () => 1 };
    expect([0, 1, 2, 3, 6, 7, 100, 5_000].map((repetition) => backoffMs(repetition, longest))).toEqual([
      ...[10, 20, 40, 80, 640, 1_000, 1_000, 1_000],
    ]);
    expect(backoffMs(3, { ...longest, random: () => 0 })).toBe(0);
    expect(backoffMs(3, { ...longest, random: () => 0.5 })).toBe(40);
  });
});

describe('a retry', () => {
  const away = new Fault('UNAVAILABLE', 'away');

  test('repeats the work until it is done', async () => {
    expect(await retry(failing(5, away), soon())).toBe(6);
  });

  test('gives up at once on an error that no repetition mends', async () => {
    const wrong = new Fault('INVALID_INPUT', 'wrong');
    await expect(retry(failing(1, wrong), soon())).rejects.toBe(wrong);
  });

  test('gives up with the last error rather than wait beyond its deadline', async () => {
    const options = { ...soon(), firstMs: 1e9, maxMs: 1e9, random: () => 1 };
    await expect(retry(failing(1, away), options)).rejects.toBe(away);
  });

  test('ends when it is told to', async () => {
    const cancel = new AbortController();
    const options = { ...soon(), firstMs: 5_000, maxMs: 5_000, random: () => 1, signal: cancel.signal };
    const ended = expect(retry(failing(1, away), options)).rejects.toMatchObject({ name: 'AbortError' });
    cancel.abort();
    await ended;
  });
});
