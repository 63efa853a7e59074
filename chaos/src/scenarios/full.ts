import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { streamName } from '@odograph/event-log/nats-subjects';
import type { Scenario, Stage } from '../round/stage.ts';
import { areOverloaded, untilTaken } from './refusals.ts';

// The buffer between the door and the log has an end.

const FULL_WITHIN_MS = 90_000;
/** Ticks lie ten seconds apart. */
const TWO_TICKS_MS = 21_000;
/** Streams are trimmed once a minute, behind the log. */
const TAKEN_WITHIN_MS = 75_000;

export const streamFull: Scenario = {
  name: 'stream full',
  what: 'MongoDB is away until the streams are full: senders are told to wait, time still gets in, and nobody has to help',
  weight: 0.3,
  env: { ODO_HISTORY_STREAM_MAX_BYTES: String(1024 ** 2) },
  async run(stage) {
    await stage.cluster.mongo.kill();
    await stage.until('a full stream is said', () => areOverloaded(stage), FULL_WITHIN_MS);
    const before = await lastSequences(stage);
    const sinceMs = performance.now();
    await stage.wait(TWO_TICKS_MS);
    const after = await lastSequences(stage);
    const taken = stage.batchesSince(sinceMs).flatMap(({ acknowledged }) => acknowledged).length;
    stage.expect('a full stream takes no telemetry', taken === 0, `${taken} reports were acknowledged`);
    stage.expect(
      'time gets into a full stream',
      after.every((sequence, partition) => sequence > (before[partition] ?? 0)),
      `the streams ended at ${before.join(' and ')}, then at ${after.join(' and ')}`,
    );
    await stage.cluster.mongo.start();
    await untilTaken(stage, TAKEN_WITHIN_MS);
  },
};

async function lastSequences({ cluster, partitionCount }: Stage): Promise<readonly number[]> {
  const nats = await connect({ servers: cluster.urls.nats });
  try {
    const { streams } = await jetstreamManager(nats);
    const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
    const infos = await Promise.all(partitions.map((partition) => streams.info(streamName(partition))));
    return infos.map(({ state }) => state.last_seq);
  } finally {
    await nats.close();
  }
}
