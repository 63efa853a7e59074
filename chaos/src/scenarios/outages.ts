import type { Scenario, Stage } from '../round/stage.ts';

// An engine is away for a while, and each side of it does what it promised.

/** A sender's deadline, 2 s, and what a busy machine adds. */
const ANSWER_WITHIN_MS = 3_000;

/** A busy machine may bring the answer a moment after its caller has given up. */
const REFUSALS: readonly string[] = ['UNAVAILABLE', 'DEADLINE'];

const mongoAway = (name: string, ms: number, weight: number): Scenario => ({
  name,
  what: `MongoDB is away for ${ms / 1_000} s: the door goes on acknowledging, and the views catch up by themselves`,
  weight,
  async run(stage) {
    const sinceMs = performance.now();
    await stage.cluster.mongo.kill();
    await stage.wait(ms);
    const halves = [stage.batchesSince(sinceMs), stage.batchesSince(sinceMs + ms / 2)];
    const acknowledged = halves.map((batches) => batches.flatMap((batch) => batch.acknowledged).length);
    const detail = `${acknowledged.join(' and, of them in the second half, ')} reports were acknowledged`;
    stage.expect('the door acknowledges while MongoDB is away', (acknowledged[1] ?? 0) > 0, detail);
    await stage.cluster.mongo.start();
  },
});

export const mongoAwayShortly = mongoAway('MongoDB away', 4_000, 1);
export const mongoAwayLong = mongoAway('MongoDB away, long', 60_000, 0.3);

const natsAway = (name: string, away: (stage: Stage) => Promise<void>, what: string): Scenario => ({
  name,
  what: `NATS ${what}: senders are told UNAVAILABLE within their deadline, and nothing is claimed`,
  async run(stage) {
    await away(stage);
    // What was acknowledged a moment before may still be on its way to its sender.
    await stage.wait(300);
    const sinceMs = performance.now();
    await stage.wait(5_000);
    const batches = stage.batchesSince(sinceMs);
    const claimed = batches.flatMap(({ acknowledged }) => acknowledged).length;
    stage.expect('nothing is acknowledged without NATS', claimed === 0, `${claimed} reports were`);
    const slowest = Math.max(0, ...batches.map(({ durationMs }) => durationMs));
    const isInTime = batches.length > 0 && slowest <= ANSWER_WITHIN_MS;
    stage.expect(
      'a refusal comes in time',
      isInTime,
      `${batches.length} answers, the slowest after ${slowest} ms`,
    );
    const codes = batches.map(({ fault }) => fault?.code ?? 'none');
    const isSaid = codes.includes('UNAVAILABLE') && codes.every((code) => REFUSALS.includes(code));
    stage.expect('a refusal says UNAVAILABLE', isSaid, [...new Set(codes)].join(', '));
  },
});

export const natsDead = natsAway('NATS away', ({ cluster }) => cluster.nats.kill(), 'is dead');
export const natsAsleep = natsAway(
  'NATS asleep',
  async ({ cluster }) => cluster.nats.pause(),
  'answers nothing',
);
