import { LogBroadcast, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { logSubject } from '@odograph/event-log/nats-subjects';
import { withNats } from '../client/with-nats.ts';
import type { Frame, FrameAction } from '../links/frames.ts';
import { isPoint } from '../links/points.ts';
import type { Round, Scenario } from '../round/round.ts';
import { becomesTrue } from '../round/start-round.ts';
import { startFollower } from '../verdict/follower.ts';
import { untilAccepted } from './load-answers.ts';

// Faults between the log and those who query or follow it.

const NOTICED_WITHIN_MS = 5_000;

export const lostBroadcast: Scenario = {
  name: 'lost broadcast',
  description: 'the last broadcasts before the load stops are lost: followers must notice it',
  // The owner does not use broadcasts for its own views, so a second replica is needed.
  histories: 2,
  async run(round) {
    const links = round.links.filter(({ name }) => /^history-\d→nats$/.test(name));
    const drop = (frame: Frame) => (isPoint('broadcast', frame) ? 'drop' : 'pass');
    const unwatch = links.map((link) => link.watch(drop));
    await round.wait(1_000);
    await round.drain();
    for (const end of unwatch) end();
    await round.expectViewsReachLog(NOTICED_WITHIN_MS);
    round.resumeLoad();
  },
};

export const forgedBroadcasts: Scenario = {
  name: 'forged broadcasts',
  description:
    'a stranger on NATS broadcasts what is not so: it is never believed, and reports are refused for seconds at most',
  weight: 2,
  // The owner of a partition ignores what NATS says about it.
  histories: 2,
  async run(round) {
    await withNats(round.cluster.urls.nats, async (nats) => {
      for (let burst = BURSTS; burst > 0; burst -= 1) {
        for (let count = 1 + round.random.index(50); count > 0; count -= 1) {
          const partition = round.random.index(round.partitionCount);
          nats.publish(logSubject(partition), forged(partition, round));
        }
        await nats.flush();
        await round.wait(round.random.between(2_000, 3_000));
      }
    });
    await round.expectViewsReachLog(NOTICED_WITHIN_MS);
    await untilAccepted(round, NOTICED_WITHIN_MS);
  },
};

const BURSTS = 3;

/** A broadcast that could be one, or nearly. */
function forged(partition: number, { random }: Round): Uint8Array {
  const states = [PartitionState.RUNNING, PartitionState.HALTED, 9 as PartitionState];
  const broadcast = LogBroadcast.create({
    partition: random.chance(0.9) ? partition : partition + 1,
    watermark: Math.floor(10 ** random.between(0, 15.9)),
    state: states[random.index(states.length)] as PartitionState,
    streamCreatedAtMs: random.chance(0.5) ? Date.now() : 0,
    freeDiskRatio: random.next(),
  });
  return LogBroadcast.encode(broadcast).finish();
}

export const crossedFlush: Scenario = {
  name: 'crossed flush',
  description: 'queries are held after they have read the stored documents, while flushes continue',
  weight: 2,
  env: { ODO_HISTORY_FLUSH_MS: '50' },
  async run(round) {
    let flushes = 0;
    /** Mostly until each partition is flushed once: a fixed time ends before that on a busy machine. */
    const hold = async () => {
      const enough = flushes + round.partitionCount;
      await becomesTrue(() => flushes >= enough, round.random.between(100, 1_500));
    };
    const unwatch = round.link('history-1→mongo').watch(async (frame): Promise<FrameAction> => {
      if (isPoint('checkpoint answered', frame)) flushes += 1;
      else if (answersQuery(frame) && round.random.chance(0.5)) await hold();
      return 'pass';
    });
    await round.wait(5_000);
    unwatch();
  },
};

/** Documents of the statuses that one read has for queries that arrive together. A flush reads far more. */
const MOST_STATUS_DOCUMENTS = 8;

/** Whether a frame has the stored documents for queries: flushes read other ids and no ranges, and must continue. */
function answersQuery(frame: Frame): boolean {
  if (frame.protocol !== 'mongo' || frame.request?.command !== 'find') return false;
  const { collection } = frame.request;
  if (!/^(status|samples)_v\d+$/.test(collection)) return false;
  const { $in: ids, $gte: from } = frame.request.body()?.['filter']?._id ?? {};
  if (collection.startsWith('samples')) return from !== undefined;
  return Array.isArray(ids) && ids.length <= MOST_STATUS_DOCUMENTS;
}

export const slowSubscribers: Scenario = {
  name: 'slow subscribers',
  description:
    'one subscriber is slow, then stuck, and ten others are stuck: nothing else is delayed, and the subscriber sees the log',
  async run(round) {
    const [endpoint = ''] = round.cluster.endpoints.histories;
    const stuck = Array.from({ length: 10 }, () => startFollower(endpoint));
    for (const follower of stuck) follower.setPace(Number.POSITIVE_INFINITY);
    round.follower.setPace(50);
    await round.wait(3_000);
    round.follower.setPace(Number.POSITIVE_INFINITY);
    await expectNoDelay(round);
    round.follower.setPace(0);
    for (const violations of await Promise.all(stuck.map((follower) => follower.stop()))) {
      for (const { rule, detail } of violations) round.expect(rule, false, detail);
    }
  },
};

/** Reports are accepted and visible without delay. */
async function expectNoDelay(round: Round): Promise<void> {
  const sinceMs = performance.now();
  await round.wait(4_000);
  const batches = round.batchesSince(sinceMs);
  const faults = batches.flatMap(({ fault }) => fault?.message ?? []);
  round.expect(
    'stuck subscribers delay no report',
    batches.length > 10 && faults.length === 0,
    faults.join('; '),
  );
  await round.expectViewsReachLog(NOTICED_WITHIN_MS);
}
