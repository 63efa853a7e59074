import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { clearDisk, fillDisk, mountSmallDisk, mountUnsupported } from '../disks/small-disk.ts';
import type { Preparation, Round, Scenario } from '../round/round.ts';
import { acknowledgedSince, isOverloaded, isRefused, untilAccepted } from './load-answers.ts';

// The data disk of an engine is filled, and emptied again. Its process log is on another disk.

const MIB = 1024 ** 2;
/** The journal and oplog of an empty MongoDB need 300 MiB. */
const MONGO_DISK_MIB = 512;
const NATS_DISK_MIB = 64;
/** Of each of two streams: JetStream refuses limits beyond the size of the disk. */
const STREAM_BYTES = 16 * MIB;

const REPORTED_WITHIN_MS = 15_000;
const ACCEPTED_WITHIN_MS = 30_000;
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
  description:
    'MongoDB’s disk has 7 % left: telemetry is refused before anything fails, and accepted again when there is space',
  weight: 0.5,
  unsupported: mountUnsupported,
  prepare: onDisk(mongoDisk, MONGO_DISK_MIB),
  async run(round) {
    const disk = mongoDisk(round.dataDir);
    await fillDisk(disk, 0.07);
    await round.until('low disk space is reported', () => isOverloaded(round), REPORTED_WITHIN_MS);
    await expectNothingAcknowledged(round, 3_000);
    await round.expectViewsReachLog(REPORTED_WITHIN_MS);
    await clearDisk(disk);
    await untilAccepted(round, REPORTED_WITHIN_MS);
  },
};

export const mongoDiskFull: Scenario = {
  name: 'MongoDB disk full',
  description:
    'MongoDB’s disk fills up, because ingest is configured to allow it: what is acknowledged meanwhile waits in the streams',
  weight: 0.5,
  env: { ODO_INGEST_MIN_FREE_DISK_PCT: '0' },
  unsupported: mountUnsupported,
  prepare: onDisk(mongoDisk, MONGO_DISK_MIB),
  async run(round) {
    const { mongo } = round.cluster;
    const disk = mongoDisk(round.dataDir);
    await fillDisk(disk, 0);
    await round.until('MongoDB ends on a full disk', () => hasEnded(round), FULL_WITHIN_MS);
    const sinceMs = performance.now();
    await round.wait(4_000);
    const acknowledged = acknowledgedSince(round, sinceMs);
    round.expect('ingest acknowledges while MongoDB is away', acknowledged > 0, 'nothing was acknowledged');
    await clearDisk(disk);
    await mongo.start();
    await untilAccepted(round, ACCEPTED_WITHIN_MS);
    await round.expectViewsReachLog(ACCEPTED_WITHIN_MS);
  },
};

/** After a full disk a stream stores nothing until NATS is restarted, which an operator has to do. */
export const natsDiskFull: Scenario = {
  name: 'NATS disk full',
  description:
    'JetStream’s disk is full: nothing is acknowledged until there is space and NATS was restarted',
  weight: 0.5,
  env: { ODO_HISTORY_STREAM_MAX_BYTES: String(STREAM_BYTES) },
  unsupported: mountUnsupported,
  prepare: onDisk(natsDisk, NATS_DISK_MIB),
  async run(round) {
    const { nats } = round.cluster;
    const disk = natsDisk(round.dataDir);
    await fillDisk(disk, 0);
    await round.until('a full disk is reported', () => isRefused(round, isOutage), FULL_WITHIN_MS);
    await expectNothingAcknowledged(round, 3_000);
    await clearDisk(disk);
    await nats.stop();
    await nats.start();
    await untilAccepted(round, ACCEPTED_WITHIN_MS);
  },
};

/** On a busy machine the answer may arrive after the caller's deadline. */
const isOutage = ({ code }: { readonly code: string }) =>
  ['UNAVAILABLE', 'OVERLOADED', 'DEADLINE'].includes(code);

async function expectNothingAcknowledged(round: Round, ms: number): Promise<void> {
  const sinceMs = performance.now();
  await round.wait(ms);
  const acknowledged = acknowledgedSince(round, sinceMs);
  round.expect(
    'nothing is acknowledged without disk space',
    acknowledged === 0,
    `${acknowledged} reports were acknowledged`,
  );
}

/** MongoDB writes its data files once a minute; `fsync` makes it write them now. */
async function hasEnded({ cluster }: Round): Promise<boolean> {
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
