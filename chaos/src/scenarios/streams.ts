import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { streamName } from '@odograph/event-log/nats-subjects';
import type { Scenario, Stage } from '../round/stage.ts';

// The streams between the door and the log, in other hands than history's. What the log has by then must survive it, and
// so must everything that is acknowledged from then on.

const REPAIRED_WITHIN_MS = 30_000;

export const streamDeleted: Scenario = {
  name: 'stream deleted',
  what: 'somebody deletes a stream, while vehicles report',
  leaves: ['LogGapFound'],
  async run(stage) {
    await damage(
      stage,
      async (manager, partition) => void (await manager.streams.delete(streamName(partition))),
    );
  },
};

export const streamMadeAnew: Scenario = {
  name: 'stream made anew',
  what: 'somebody deletes a stream and makes one of the same name, while vehicles report',
  leaves: ['LogGapFound'],
  async run(stage) {
    await damage(stage, async (manager, partition) => {
      const { config } = await manager.streams.info(streamName(partition));
      await manager.streams.delete(streamName(partition));
      await manager.streams.add(config);
    });
  },
};

export const streamPurged: Scenario = {
  name: 'stream purged',
  what: 'somebody purges a stream of what the log has: no harm is done, for nobody needs it any more',
  async run(stage) {
    await damage(
      stage,
      async (manager, partition) => void (await manager.streams.purge(streamName(partition))),
    );
  },
};

export const streamRestored: Scenario = {
  name: 'stream restored',
  what: 'NATS is restored from a copy that is older than the log, and vehicles report on',
  weight: 2,
  leaves: ['LogGapFound'],
  async run(stage) {
    const { cluster } = stage;
    const [data, copy] = [join(stage.dataDir, 'nats'), join(stage.dataDir, 'nats-copy')];
    await stage.rest();
    await cluster.nats.stop();
    await cp(data, copy, { recursive: true });
    await cluster.nats.start();
    stage.goOn();
    await stage.wait(1_500);
    await stage.rest();
    stage.distrustPositions();
    await cluster.nats.stop();
    await rm(data, { recursive: true });
    await cp(copy, data, { recursive: true });
    // A door that remembers where the stream was takes nothing on the copy. One that was started again, while history is
    // away, cannot know: what it acknowledges there must not be lost.
    const isForgotten = stage.random.chance(0.5);
    const forgetful = isForgotten ? [...cluster.histories, cluster.ingest] : [];
    await Promise.all(forgetful.map((service) => service.kill()));
    await cluster.nats.start();
    await cluster.ingest.start();
    stage.goOn();
    await stage.wait(stage.random.between(500, 3_000));
    await stage.heal();
    await repaired(stage);
  },
};

/** Lets the log take all there is, does something to one stream while the load begins anew, and waits for the repair. */
async function damage(
  stage: Stage,
  act: (manager: JetStreamManager, partition: number) => Promise<void>,
): Promise<void> {
  await stage.rest();
  stage.distrustPositions();
  const nats = await connect({ servers: stage.cluster.urls.nats });
  try {
    await act(await jetstreamManager(nats), stage.random.index(stage.partitionCount));
  } finally {
    await nats.close();
  }
  stage.goOn();
  await repaired(stage);
}

/** The load is under way again on all partitions. */
async function repaired(stage: Stage): Promise<void> {
  const sinceMs = performance.now();
  const isTaken = () =>
    stage.batchesSince(sinceMs).some(({ fault, acknowledged }) => !fault && acknowledged.length > 10);
  await stage.until('a stream is repaired without help', isTaken, REPAIRED_WITHIN_MS);
  await stage.wait(1_500);
}
