import type { Round, Scenario } from '../round/round.ts';
import { acknowledgedSince } from './load-answers.ts';

// An engine is away for a while.

/** A sender's deadline, 2 s, plus the delay of a busy machine. */
const ANSWER_WITHIN_MS = 3_000;

/** On a busy machine the answer may arrive after the caller's deadline. */
const REFUSALS: readonly string[] = ['UNAVAILABLE', 'DEADLINE'];

const mongoAway = (name: string, ms: number, weight: number): Scenario => ({
  name,
  description: `MongoDB is away for ${ms / 1_000} s: ingest continues to acknowledge, and the views catch up by themselves`,
  weight,
  async run(round) {
    const sinceMs = performance.now();
    await round.cluster.mongo.kill();
    await round.wait(ms);
    const [all, later] = [acknowledgedSince(round, sinceMs), acknowledgedSince(round, sinceMs + ms / 2)];
    const detail = `${all} reports were acknowledged, ${later} of them in the second half`;
    round.expect('ingest acknowledges while MongoDB is away', later > 0, detail);
    await round.cluster.mongo.start();
  },
});

export const mongoAwayShortly = mongoAway('MongoDB away', 4_000, 1);
export const mongoAwayLong = mongoAway('MongoDB away, long', 60_000, 0.3);

const natsAway = (name: string, stop: (round: Round) => Promise<void>, how: string): Scenario => ({
  name,
  description: `NATS ${how}: senders get UNAVAILABLE within their deadline, and nothing is acknowledged`,
  async run(round) {
    await stop(round);
    // Earlier acknowledgements may still be on their way to the sender.
    await round.wait(300);
    const sinceMs = performance.now();
    await round.wait(5_000);
    const batches = round.batchesSince(sinceMs);
    const acknowledged = batches.flatMap((batch) => batch.acknowledged).length;
    round.expect(
      'nothing is acknowledged without NATS',
      acknowledged === 0,
      `${acknowledged} reports were acknowledged`,
    );
    const slowest = Math.max(0, ...batches.map(({ durationMs }) => durationMs));
    const isInTime = batches.length > 0 && slowest <= ANSWER_WITHIN_MS;
    round.expect(
      'a refusal comes in time',
      isInTime,
      `${batches.length} answers, the slowest after ${slowest} ms`,
    );
    const codes = batches.map(({ fault }) => fault?.code ?? 'none');
    const hasCode = codes.includes('UNAVAILABLE') && codes.every((code) => REFUSALS.includes(code));
    round.expect('a refusal has code UNAVAILABLE', hasCode, [...new Set(codes)].join(', '));
  },
});

export const natsDead = natsAway('NATS away', ({ cluster }) => cluster.nats.kill(), 'is killed');
export const natsAsleep = natsAway('NATS asleep', async ({ cluster }) => cluster.nats.pause(), 'is paused');
