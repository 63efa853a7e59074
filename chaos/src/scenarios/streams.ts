import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { streamName } from '@odograph/event-log/nats-subjects';
import { withNats } from '../client/with-nats.ts';
import type { Round, Scenario } from '../round/round.ts';
import { untilAccepted } from './load-answers.ts';

// An operator changes the streams between ingest and the log. The log must keep everything it has, and everything that is
// acknowledged later.

const REPAIRED_WITHIN_MS = 30_000;

export const streamDeleted: Scenario = {
  name: 'stream deleted',
  description: 'a stream is deleted while vehicles report',
  allowedEvents: ['LogGapFound'],
  async run(round) {
    await damage(
      round,
      async (manager, partition) => void (await manager.streams.delete(streamName(partition))),
    );
  },
};

export const streamRecreated: Scenario = {
  name: 'stream recreated',
  description: 'a stream is deleted and created again with the same name while vehicles report',
  allowedEvents: ['LogGapFound'],
  async run(round) {
    await damage(round, async (manager, partition) => {
      const { config } = await manager.streams.info(streamName(partition));
      await manager.streams.delete(streamName(partition));
      await manager.streams.add(config);
    });
  },
};

export const streamPurged: Scenario = {
  name: 'stream purged',
  description: 'a stream is purged of what the log already has: this must change nothing',
  async run(round) {
    await damage(
      round,
      async (manager, partition) => void (await manager.streams.purge(streamName(partition))),
    );
  },
};

export const streamRestored: Scenario = {
  name: 'stream restored',
  description: 'NATS is restored from a copy that is older than the log, and vehicles continue to report',
  weight: 2,
  allowedEvents: ['LogGapFound'],
  async run(round) {
    const { cluster } = round;
    const [data, copy] = [join(round.dataDir, 'nats'), join(round.dataDir, 'nats-copy')];
    await round.drain();
    await cluster.nats.stop();
    await cp(data, copy, { recursive: true });
    await cluster.nats.start();
    round.resumeLoad();
    await round.wait(1_500);
    await round.drain();
    round.stopQueries();
    await cluster.nats.stop();
    await rm(data, { recursive: true });
    await cp(copy, data, { recursive: true });
    // Ingest remembers the stream and accepts nothing on the copy. If it restarts while history is away, it cannot know the
    // stream, and what it acknowledges then must not be lost.
    const restarted = round.random.chance(0.5) ? [...cluster.histories, cluster.ingest] : [];
    await Promise.all(restarted.map((service) => service.kill()));
    await cluster.nats.start();
    await cluster.ingest.start();
    round.resumeLoad();
    await round.wait(round.random.between(500, 3_000));
    await round.heal();
    await untilRepaired(round);
  },
};

/** Drains the load, damages one stream, resumes the load, and waits for the repair. */
async function damage(
  round: Round,
  act: (manager: JetStreamManager, partition: number) => Promise<void>,
): Promise<void> {
  await round.drain();
  round.stopQueries();
  await withNats(round.cluster.urls.nats, async (nats) => {
    await act(await jetstreamManager(nats), round.random.index(round.partitionCount));
  });
  round.resumeLoad();
  await untilRepaired(round);
}

const untilRepaired = (round: Round) =>
  untilAccepted(round, REPAIRED_WITHIN_MS, 'a stream is repaired without help');
