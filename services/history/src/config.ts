import { hostname } from 'node:os';
import { DEFAULT_PARTITIONS, DEFAULT_STREAM_MAX_BYTES, MAX_PARTITIONS } from '@odograph/kernel/defaults';
import type { ConfigOf } from '@odograph/platform/config/config';
import {
  bytes,
  mongoSettings,
  ms,
  natsSettings,
  serviceSettings,
  text,
  whole,
} from '@odograph/platform/config/setting';

const HOUR_MS = 3_600_000;
const MEBIBYTE = 1024 ** 2;
/** Connections to MongoDB that stay open for queries. */
export const MIN_POOL = 5;
/**
 * How long a query waits for a free connection, for a server, and for its answer: longer than MongoDB works on any query
 * (`maxTimeMS`), and shorter than callers wait.
 */
export const MONGO_WAITS = { connectionMs: 2_000, serverMs: 5_000, answerMs: 12_000 };

export const settings = {
  ...serviceSettings,
  nats: natsSettings,
  mongo: {
    ...mongoSettings,
    maxPool: whole('ODO_HISTORY_MONGO_MAX_POOL', 30, {
      ...{ min: MIN_POOL, max: 1_000 },
      limit: { of: 'process', above: 'RESOURCE_EXHAUSTED if none is free in time' },
      meaning: 'how many connections to MongoDB queries may use',
    }),
  },
  instance: text('ODO_HISTORY_INSTANCE', `${hostname()}:${process.pid}`, {
    meaning:
      'the name of this process among the replicas of history; `odograph doctor` and the lease show it as the owner',
    fallbackInWords: '`<host name>:<process id>`',
  }),
  wantedPartitions: whole('ODO_PARTITIONS', 0, {
    ...{ min: 0, max: MAX_PARTITIONS },
    meaning: `partitions of the log, which are fixed when the log is created; with 0 as many as the log has, and ${DEFAULT_PARTITIONS} for a new one`,
  }),
  stream: {
    maxBytes: bytes('ODO_HISTORY_STREAM_MAX_BYTES', DEFAULT_STREAM_MAX_BYTES, {
      min: MEBIBYTE,
      meaning:
        'size of the stream of each partition; used when the stream is created, change it later in JetStream',
    }),
    replicas: whole('ODO_HISTORY_STREAM_REPLICAS', 1, {
      ...{ min: 1, max: 5 },
      meaning: 'copies of each stream on a NATS cluster; used when the stream is created',
    }),
    keepMs: ms('ODO_HISTORY_STREAM_KEEP_MS', 24 * HOUR_MS, {
      meaning:
        'how long events stay in a stream after they are in the log, so that a restored MongoDB backup can catch up; shorter if the stream is more than half full',
    }),
  },
  leaseTtlMs: ms('ODO_HISTORY_LEASE_MS', 5_000, {
    min: 1_000,
    meaning:
      'how long a partition stays reserved for a process that crashed; after that a replica appends to the log',
  }),
  ledgerIntervalMs: ms('ODO_HISTORY_LEDGER_MS', 30_000, {
    min: 10,
    meaning:
      'how often the ledger of known reports is stored, besides when 200,000 are new and when history stops; a new owner reads the log again from there',
  }),
  limits: {
    maxSubscriptions: whole('ODO_HISTORY_MAX_SUBSCRIPTIONS', 32, {
      min: 1,
      limit: { of: 'client', above: 'RESOURCE_EXHAUSTED with a delay' },
      meaning: 'streams of `EventLog.Subscribe` of one client; four times as many of all clients',
    }),
    maxReads: whole('ODO_HISTORY_MAX_READS', 8, {
      min: 1,
      limit: { of: 'client', above: 'RESOURCE_EXHAUSTED with a delay' },
      meaning: 'streams of `EventLog.Read` of one client; four times as many of all clients',
    }),
    decisionsPerSecond: whole('ODO_HISTORY_MAX_DECISIONS_PER_SECOND', 200, {
      min: 1,
      limit: { of: 'client', above: 'RESOURCE_EXHAUSTED with a delay' },
      meaning:
        'decisions of one client in a second, those of 10 s at once: changes of registrations, and retries and drops of parked events',
    }),
  },
  views: {
    flushIntervalMs: ms('ODO_HISTORY_FLUSH_MS', 15_000, {
      min: 10,
      meaning: 'how often the views are stored; queries do not wait for it',
    }),
    flushBytes: bytes('ODO_HISTORY_FLUSH_BYTES', 16 * MEBIBYTE, {
      min: 1024,
      limit: { of: 'process', above: 'the views are stored at once, and above twice that following pauses' },
      meaning: 'memory, for each partition, of events that are not stored yet',
    }),
    cacheBytes: bytes('ODO_HISTORY_CACHE_BYTES', 32 * MEBIBYTE, {
      min: 1024,
      limit: { of: 'process', above: 'the answer that was used longest ago is dropped' },
      meaning: 'memory, roughly, of answers that are kept for those who ask next',
    }),
  },
} as const;

export type HistoryConfig = ConfigOf<typeof settings>;
