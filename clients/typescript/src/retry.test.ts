import { describe, expect, it, vi } from 'vitest';
import { Fault, type FaultCode } from './fault.ts';
import { PASSING_FOR_REPORTS, retryDelayMs, withRetries } from './retry.ts';

const ALL: readonly FaultCode[] = [
  ...([
    'INVALID_INPUT',
    'NOT_FOUND',
    'RULE_VIOLATED',
    'VERSION_CONFLICT',
    'OVERLOADED',
    'TOO_LARGE',
  ] as const),
  ...(['UNAVAILABLE', 'DEADLINE', 'CANCELLED', 'CORRUPT_LOG', 'INTERNAL'] as const),
];

/** Fails twice, then succeeds. */
function failingTwice(code: FaultCode) {
  return vi
    .fn(async () => 'done')
    .mockRejectedValueOnce(new Fault(code, 'first', { retryAfterMs: 1 }))
    .mockRejectedValueOnce(new Fault(code, 'second', { retryAfterMs: 1 }));
}

async function retriedCodes(retried?: readonly FaultCode[]): Promise<readonly FaultCode[]> {
  const outcomes = ALL.map(async (code) => {
    const result = await withRetries(failingTwice(code), {}, retried).catch(() => 'failed');
    return result === 'done' ? [code] : [];
  });
  return (await Promise.all(outcomes)).flat();
}

describe('a call', () => {
  it('is tried again when the server is away or full, and after nothing else', async () => {
    expect(await retriedCodes()).toEqual(['OVERLOADED', 'UNAVAILABLE']);
  });

  it('with reports is also tried again after a deadline', async () => {
    expect(await retriedCodes(PASSING_FOR_REPORTS)).toEqual(['OVERLOADED', 'UNAVAILABLE', 'DEADLINE']);
  });

  it('is not tried again after an error that is not a fault', async () => {
    const attempt = vi.fn().mockRejectedValue(new TypeError('a bug'));
    await expect(withRetries(attempt, {})).rejects.toThrow(TypeError);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('is tried no more often than the caller allows, and fails with the last fault', async () => {
    const attempt = failingTwice('UNAVAILABLE');
    await expect(withRetries(attempt, { maxAttempts: 2 })).rejects.toThrow('second');
    expect(attempt).toHaveBeenCalledTimes(2);
  });

  it('fails at once when the delay would end after the deadline', async () => {
    const attempt = vi.fn().mockRejectedValue(new Fault('UNAVAILABLE', 'away', { retryAfterMs: 60_000 }));
    await expect(withRetries(attempt, { deadlineMs: 1_000 })).rejects.toThrow('away');
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('gives each try the rest of the deadline', async () => {
    const deadlines: number[] = [];
    const attempt = failingTwice('UNAVAILABLE');
    await withRetries(
      ({ deadlineMs = 0 }) => {
        deadlines.push(deadlineMs);
        return attempt();
      },
      { deadlineMs: 10_000 },
    );
    expect(deadlines[0]).toBeLessThanOrEqual(10_000);
    expect(deadlines[2]).toBeLessThan(deadlines[0] ?? 0);
  });

  it('ends with the signal while it waits for the next try', async () => {
    const abort = new AbortController();
    const attempt = vi.fn(async () => {
      queueMicrotask(() => abort.abort());
      throw new Fault('UNAVAILABLE', 'away', { retryAfterMs: 20_000 });
    });
    const call = withRetries(attempt, { signal: abort.signal });
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('the delay before a retry', () => {
  it("is the server's own if it gives one", () => {
    expect(retryDelayMs(700, 9)).toBe(700);
  });

  it('else doubles from 100 ms to 5 s, of which up to half is left out at random', () => {
    for (const [failures, longest] of [
      [0, 100],
      [1, 200],
      [5, 3_200],
      [6, 5_000],
      [2_000, 5_000],
    ] as const) {
      const delays = Array.from({ length: 50 }, () => retryDelayMs(undefined, failures));
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(longest / 2);
      expect(Math.max(...delays)).toBeLessThanOrEqual(longest);
      expect(new Set(delays).size).toBeGreaterThan(1);
    }
  });
});
