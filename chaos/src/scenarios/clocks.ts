import { MongoClient } from 'mongodb';
import { clockObstacle, makeShiftableMongo, shiftMongoClock } from '../clocks/mongo-clock.ts';
import { shiftableClocks, shiftServiceClock } from '../clocks/service-clock.ts';
import type { Scenario, Stage } from '../round/stage.ts';
import { untilTaken } from './refusals.ts';

// A clock jumps by ten minutes, while the process that goes by it works. NATS is left out: a Go program asks the kernel
// itself what time it is, so nothing can stand between.

const JUMP_MS = 600_000;
const JUMPS = 8;
const TAKEN_WITHIN_MS = 10_000;

export const serviceClocks: Scenario = {
  name: 'clocks',
  what: 'the clock of one service after the other jumps ten minutes, ahead or back',
  weight: 2,
  histories: 2,
  prepare: async (dataDir) => ({ env: await shiftableClocks(dataDir) }),
  async run(stage) {
    const { cluster, random, dataDir } = stage;
    for (const service of [cluster.ingest, ...cluster.histories]) {
      const direction = random.chance(0.5) ? 1 : -1;
      for (const ms of [direction * JUMP_MS, 0]) {
        await shiftServiceClock(dataDir, service, ms);
        await untilTaken(stage, TAKEN_WITHIN_MS);
      }
    }
  },
};

/**
 * Leases run on MongoDB's time. A jump ahead ends those of all owners until they are extended, which takes longer where
 * the way to MongoDB does: whoever waits may take them from an owner that is well.
 */
export const mongoClockAhead: Scenario = {
  name: 'MongoDB clock ahead',
  what: 'MongoDB’s clock jumps ten minutes ahead, again and again, with a replica of history waiting',
  histories: 2,
  obstacle: clockObstacle,
  prepare: async (dataDir) => ({ binaries: { mongo: await makeShiftableMongo(dataDir, 0) } }),
  async run(stage) {
    for (const link of stage.links.filter(({ name }) => name.endsWith('→mongo')))
      link.slow({ latencyMs: 30 });
    for (let jump = 1; jump <= JUMPS; jump += 1) {
      await jumpTo(stage, jump * JUMP_MS);
      await stage.wait(stage.random.between(400, 1_500));
    }
    await untilTaken(stage, TAKEN_WITHIN_MS);
  },
};

/**
 * The record of each lease says then that it lasts for ten minutes more, and whoever held it is gone. The clock goes back
 * while MongoDB is away: one that works may store nothing until its time comes again, for it waits for times of day.
 */
export const mongoClockBack: Scenario = {
  name: 'MongoDB clock back',
  what: 'all is ended and started again, MongoDB with its clock ten minutes back: somebody appends all the same',
  obstacle: clockObstacle,
  prepare: async (dataDir) => ({ binaries: { mongo: await makeShiftableMongo(dataDir, JUMP_MS) } }),
  async run(stage) {
    await stage.cluster.kill();
    await shiftMongoClock(stage.dataDir, 0);
    await stage.heal();
    await untilTaken(stage, TAKEN_WITHIN_MS);
  },
};

async function jumpTo({ dataDir, cluster, expect }: Stage, ms: number): Promise<void> {
  await shiftMongoClock(dataDir, ms);
  expect('MongoDB’s clock jumps', await isAhead(cluster.urls.mongo, ms), `not to ${ms} ms`);
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
