import { MongoClient } from 'mongodb';
import { clockUnsupported, makeShiftableMongo, shiftMongoClock } from '../clocks/mongo-clock.ts';
import { shiftableClocks, shiftServiceClock } from '../clocks/service-clock.ts';
import type { Round, Scenario } from '../round/round.ts';
import { untilAccepted } from './load-answers.ts';

// The clock of a running process jumps by ten minutes. NATS is left out: a Go program reads the time from the kernel, so it
// cannot be shifted.

const JUMP_MS = 600_000;
const JUMPS = 8;
const ACCEPTED_WITHIN_MS = 10_000;

export const serviceClocks: Scenario = {
  name: 'clocks',
  description: 'the clock of one service after the other jumps ten minutes ahead or back',
  weight: 2,
  histories: 2,
  prepare: async (dataDir) => ({ env: await shiftableClocks(dataDir) }),
  async run(round) {
    const { cluster, random, dataDir } = round;
    for (const service of [cluster.ingest, ...cluster.histories]) {
      const direction = random.chance(0.5) ? 1 : -1;
      for (const ms of [direction * JUMP_MS, 0]) {
        await shiftServiceClock(dataDir, service, ms);
        await untilAccepted(round, ACCEPTED_WITHIN_MS);
      }
    }
  },
};

/**
 * Leases use MongoDB's time, so a jump ahead ends all of them. On a slow connection the owners renew them late, and the
 * other replica may take them from a healthy owner.
 */
export const mongoClockAhead: Scenario = {
  name: 'MongoDB clock ahead',
  description: 'MongoDB’s clock jumps ten minutes ahead, several times, with a second replica of history',
  histories: 2,
  unsupported: clockUnsupported,
  prepare: async (dataDir) => ({ binaries: { mongo: await makeShiftableMongo(dataDir, 0) } }),
  async run(round) {
    for (const link of round.links.filter(({ name }) => name.endsWith('→mongo')))
      link.slow({ latencyMs: 30 });
    for (let jump = 1; jump <= JUMPS; jump += 1) {
      await jumpTo(round, jump * JUMP_MS);
      await round.wait(round.random.between(400, 1_500));
    }
    await untilAccepted(round, ACCEPTED_WITHIN_MS);
  },
};

/**
 * Each lease then lasts ten more minutes, and its owner is gone. The clock is set back while MongoDB is stopped: a running
 * MongoDB waits for times of day and may store nothing for ten minutes.
 */
export const mongoClockBack: Scenario = {
  name: 'MongoDB clock back',
  description:
    'all processes are restarted, MongoDB with its clock ten minutes back: a new owner must still take over',
  unsupported: clockUnsupported,
  prepare: async (dataDir) => ({ binaries: { mongo: await makeShiftableMongo(dataDir, JUMP_MS) } }),
  async run(round) {
    await round.cluster.kill();
    await shiftMongoClock(round.dataDir, 0);
    await round.heal();
    await untilAccepted(round, ACCEPTED_WITHIN_MS);
  },
};

async function jumpTo({ dataDir, cluster, expect }: Round, ms: number): Promise<void> {
  await shiftMongoClock(dataDir, ms);
  expect('MongoDB’s clock is shifted', await isAhead(cluster.urls.mongo, ms), `it is not ${ms} ms ahead`);
}

async function isAhead(url: string, ms: number): Promise<boolean> {
  const client = new MongoClient(url);
  try {
    const { localTime } = (await client.db('admin').command({ hello: 1 })) as { readonly localTime: Date };
    return Math.abs(localTime.getTime() - Date.now() - ms) < JUMP_MS / 10;
  } finally {
    await client.close();
  }
}
