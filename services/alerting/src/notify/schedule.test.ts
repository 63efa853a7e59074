import { createRandom } from '@odograph/kernel/random';
import { describe, expect, test } from 'vitest';
import { type Outcome, retry } from './receivers/receiver.ts';
import { MAX_ATTEMPTS, nextAttempt } from './schedule.ts';

const HOUR_MS = 3_600_000;
const none = { next: () => 0 };
const refused = (isFinal: boolean) => ({ kind: 'refused', reason: 'it answered 400', isFinal }) as const;

type Failure = Exclude<Outcome, { kind: 'delivered' }>;

function waitsOf(failure: Failure, random = none): readonly number[] {
  const waits: number[] = [];
  for (let attempts = 1; ; attempts += 1) {
    const next = nextAttempt(failure, attempts, random);
    if (next.kind === 'dead') return waits;
    waits.push(next.afterMs);
  }
}

describe('after a failure', () => {
  test('there are ten attempts in all, with the waits of Svix', () => {
    expect(waitsOf(retry('no'))).toEqual([
      ...[5_000, 300_000, 1_800_000],
      ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
    ]);
    expect(MAX_ATTEMPTS).toBe(10);
    expect(nextAttempt(retry('it answered 500'), 10, none)).toEqual({
      ...{ kind: 'dead', reason: '10 attempts failed, the last one: it answered 500' },
    });
  });

  test('a wait is longer by a tenth at most, and never longer than a day', () => {
    const random = createRandom(7);
    const plain = waitsOf(retry('no'));
    for (let run = 0; run < 50; run += 1)
      for (const [at, waitMs] of waitsOf(retry('no'), random).entries()) {
        expect(waitMs).toBeGreaterThanOrEqual(plain[at] ?? 0);
        expect(waitMs).toBeLessThanOrEqual(Math.min(24 * HOUR_MS, 1.1 * (plain[at] ?? 0)));
      }
  });

  test('the receiver may ask for a longer wait, of a day at most', () => {
    expect(nextAttempt(retry('no', 60_000), 1, none)).toMatchObject({ afterMs: 60_000 });
    expect(nextAttempt(retry('no', 1_000), 1, none)).toMatchObject({ afterMs: 5_000 });
    expect(nextAttempt(retry('no', 1e15), 1, none)).toMatchObject({ afterMs: 24 * HOUR_MS });
  });

  test('a refusal is repeated twice, and a final one never', () => {
    expect(waitsOf(refused(false))).toEqual([5_000, 300_000]);
    expect(waitsOf(refused(true))).toEqual([]);
    expect(nextAttempt(refused(true), 1, none)).toEqual({ kind: 'dead', reason: 'it answered 400' });
    expect(waitsOf({ kind: 'gone', reason: 'it answered 410' })).toEqual([]);
  });
});
