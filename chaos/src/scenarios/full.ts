import { jetstreamManager } from '@nats-io/jetstream';
import { streamName } from '@odograph/event-log/nats-subjects';
import { withNats } from '../client/with-nats.ts';
import type { Round, Scenario } from '../round/round.ts';
import { acknowledgedSince, isOverloaded, untilAccepted } from './load-answers.ts';

const FULL_WITHIN_MS = 90_000;
/** There is a tick every ten seconds. */
const TWO_TICKS_MS = 21_000;
/** Streams are trimmed once a minute. */
const ACCEPTED_WITHIN_MS = 75_000;

export const streamFull: Scenario = {
  name: 'stream full',
  description:
    'MongoDB is away until the streams are full: senders get a retry delay, ticks are still stored, and the platform recovers by itself',
  weight: 0.3,
  env: { ODO_HISTORY_STREAM_MAX_BYTES: String(1024 ** 2) },
  async run(round) {
    await round.cluster.mongo.kill();
    await round.until('a full stream is reported', () => isOverloaded(round), FULL_WITHIN_MS);
    const before = await lastSequences(round);
    const sinceMs = performance.now();
    await round.wait(TWO_TICKS_MS);
    const after = await lastSequences(round);
    const acknowledged = acknowledgedSince(round, sinceMs);
    round.expect(
      'a full stream accepts no telemetry',
      acknowledged === 0,
      `${acknowledged} reports were acknowledged`,
    );
    round.expect(
      'a full stream accepts ticks',
      after.every((sequence, partition) => sequence > (before[partition] ?? 0)),
      `the last sequences were ${before.join(' and ')}, then ${after.join(' and ')}`,
    );
    await round.cluster.mongo.start();
    await untilAccepted(round, ACCEPTED_WITHIN_MS);
  },
};

async function lastSequences({ cluster, partitionCount }: Round): Promise<readonly number[]> {
  return await withNats(cluster.urls.nats, async (nats) => {
    const { streams } = await jetstreamManager(nats);
    const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
    const infos = await Promise.all(partitions.map((partition) => streams.info(streamName(partition))));
    return infos.map(({ state }) => state.last_seq);
  });
}
