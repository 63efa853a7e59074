import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { clearDisk, fillDisk, mountObstacle, mountSmallDisk } from '../disks/small-disk.ts';
import type { Preparation, Scenario, Stage } from '../round/stage.ts';
import { areOverloaded, areRefused, untilTaken } from './refusals.ts';

// An engine's disk is filled to the last byte, and emptied again. Its logs lie on another.

const MIB = 1024 ** 2;
/** Journal and oplog of an empty MongoDB take 300 MiB. */
const MONGO_DISK_MIB = 512;
const NATS_DISK_MIB = 64;
/** Of each of two streams: JetStream promises no more than the disk has. */
const STREAM_BYTES = 16 * MIB;

const HEARD_WITHIN_MS = 15_000;
const TAKEN_WITHIN_MS = 30_000;
const FULL_WITHIN_MS = 90_000;

const mongoDisk = (dataDir: string) => join(dataDir, 'mongo', 'db');
const natsDisk = (dataDir: string) => join(dataDir, 'nats', 'jetstream');

const onDisk = (folderOf: (dataDir: string) => string, mib: number) => {
  return async (dataDir: string): Promise<Preparation> => ({
    end: await mountSmallDisk(folderOf(dataDir), mib),
  });
};

export const mongoDiskLow: Scenario = {
  name: 'MongoDB disk low',
  what: 'MongoDB’s disk has 7 % left: telemetry is refused before anything breaks, and taken again once there is room',
  weight: 0.5,
  obstacle: mountObstacle,
  prepare: onDisk(mongoDisk, MONGO_DISK_MIB),
  async run(stage) {
    const disk = mongoDisk(stage.dataDir);
    await fillDisk(disk, 0.07);
    await stage.until('a disk that is low is said', () => areOverloaded(stage), HEARD_WITHIN_MS);
    await expectNothingTaken(stage, 3_000);
    await stage.viewsReachTheLog(HEARD_WITHIN_MS);
    await clearDisk(disk);
    await untilTaken(stage, HEARD_WITHIN_MS);
  },
};

export const mongoDiskFull: Scenario = {
  name: 'MongoDB disk full',
  what: 'MongoDB meets a full disk, for the door was told to let it: what is acknowledged meanwhile waits in the streams',
  weight: 0.5,
  env: { ODO_INGEST_MIN_FREE_DISK_PCT: '0' },
  obstacle: mountObstacle,
  prepare: onDisk(mongoDisk, MONGO_DISK_MIB),
  async run(stage) {
    const { mongo } = stage.cluster;
    const disk = mongoDisk(stage.dataDir);
    await fillDisk(disk, 0);
    await stage.until('MongoDB ends on a full disk', () => hasEnded(stage), FULL_WITHIN_MS);
    const sinceMs = performance.now();
    await stage.wait(4_000);
    const taken = stage.batchesSince(sinceMs).flatMap(({ acknowledged }) => acknowledged).length;
    stage.expect('the door acknowledges while MongoDB is away', taken > 0, 'nothing was acknowledged');
    await clearDisk(disk);
    await mongo.start();
    await untilTaken(stage, TAKEN_WITHIN_MS);
    await stage.viewsReachTheLog(TAKEN_WITHIN_MS);
  },
};

/** A stream that has met a full disk stores nothing more until NATS is started again, which somebody has to do. */
export const natsDiskFull: Scenario = {
  name: 'NATS disk full',
  what: 'JetStream meets a full disk: nothing is acknowledged until there is room and NATS has been started again',
  weight: 0.5,
  env: { ODO_HISTORY_STREAM_MAX_BYTES: String(STREAM_BYTES) },
  obstacle: mountObstacle,
  prepare: onDisk(natsDisk, NATS_DISK_MIB),
  async run(stage) {
    const { nats } = stage.cluster;
    const disk = natsDisk(stage.dataDir);
    await fillDisk(disk, 0);
    await stage.until('a full disk is said', () => areRefused(stage, isOutage), FULL_WITHIN_MS);
    await expectNothingTaken(stage, 3_000);
    await clearDisk(disk);
    await nats.stop();
    await nats.start();
    await untilTaken(stage, TAKEN_WITHIN_MS);
  },
};

/** A busy machine may bring the answer a moment after its caller has given up. */
const isOutage = ({ code }: { readonly code: string }) =>
  ['UNAVAILABLE', 'OVERLOADED', 'DEADLINE'].includes(code);

async function expectNothingTaken(stage: Stage, ms: number): Promise<void> {
  const sinceMs = performance.now();
  await stage.wait(ms);
  const taken = stage.batchesSince(sinceMs).flatMap(({ acknowledged }) => acknowledged).length;
  stage.expect('nothing is acknowledged without room', taken === 0, `${taken} reports were`);
}

/** MongoDB writes its data files once a minute; asking for it spares the wait. */
async function hasEnded({ cluster }: Stage): Promise<boolean> {
  const before = cluster.mongo.crashes();
  const client = new MongoClient(cluster.urls.mongo, { serverSelectionTimeoutMS: 1_000 });
  try {
    await client.db('admin').command({ fsync: 1 }, { timeoutMS: 5_000 });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  } finally {
    await client.close();
  }
  return cluster.mongo.crashes() > before || cluster.mongo.pid() === undefined;
}
