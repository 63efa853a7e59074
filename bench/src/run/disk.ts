import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { streamName } from '@odograph/event-log/nats-subjects';
import { natsOptions } from '@odograph/platform/nats-options';
import { MongoClient } from 'mongodb';
import { DATABASE } from './platform.ts';

/** Bytes on disk of a platform. */
export interface DiskUse {
  /** The streams, which are trimmed up to the log. */
  readonly streams: number;
  /** The log's documents and indexes. */
  readonly log: number;
  /** The read models' documents and indexes. */
  readonly views: number;
}

const LOG = /^(envelopes|partitions|ledger|ledger_checkpoints)$/;

/** Asks JetStream and MongoDB, after a checkpoint of MongoDB. */
export async function diskUse(
  urls: { readonly nats: string; readonly mongo: string },
  partitions: number,
): Promise<DiskUse> {
  const [streams, { log, views }] = [await streamBytes(urls.nats, partitions), await mongoBytes(urls.mongo)];
  return { streams, log, views };
}

async function streamBytes(url: string, partitions: number): Promise<number> {
  const nats = await connect(natsOptions({ url }));
  try {
    const manager = await jetstreamManager(nats);
    let bytes = 0;
    for (let partition = 0; partition < partitions; partition += 1) {
      bytes += (await manager.streams.info(streamName(partition))).state.bytes;
    }
    return bytes;
  } finally {
    await nats.close();
  }
}

async function mongoBytes(url: string): Promise<Pick<DiskUse, 'log' | 'views'>> {
  await using client = await MongoClient.connect(url);
  await client.db('admin').command({ fsync: 1 });
  const bytes = { log: 0, views: 0 };
  for (const { name } of await client.db(DATABASE).listCollections().toArray()) {
    const { storageSize, totalIndexSize } = await client.db(DATABASE).command({ collStats: name });
    bytes[LOG.test(name) ? 'log' : 'views'] += storageSize + totalIndexSize;
  }
  return bytes;
}
