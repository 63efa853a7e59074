import { hostname } from 'node:os';
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

/** What history is told by its environment. */
export const historySettings = {
  ...serviceSettings,
  nats: natsSettings,
  mongo: {
    ...mongoSettings,
    pool: {
      min: whole('ODO_HISTORY_MONGO_MIN_POOL', 5, { min: 0, max: 1_000 }),
      max: whole('ODO_HISTORY_MONGO_MAX_POOL', 30, { min: 1, max: 1_000 }),
      /** How long an operation waits for a free connection before it is refused. */
      waitQueueTimeoutMs: ms('ODO_HISTORY_MONGO_WAIT_MS', 2_000),
      idleMs: ms('ODO_HISTORY_MONGO_IDLE_MS', 3_600_000),
    },
  },
  /** Names this process among those that could append. */
  instance: text('ODO_HISTORY_INSTANCE', `${hostname()}:${process.pid}`),
  partitionCount: whole('ODO_PARTITIONS', 2, { min: 1, max: 64 }),
  stream: {
    maxBytes: bytes('ODO_HISTORY_STREAM_MAX_BYTES', 4 * 1024 ** 3, { min: 1024 ** 2 }),
    replicas: whole('ODO_HISTORY_STREAM_REPLICAS', 1, { min: 1, max: 5 }),
    /** How long a stream is kept behind the log. */
    keepMs: ms('ODO_HISTORY_STREAM_KEEP_MS', 24 * 3_600_000),
  },
  leaseTtlMs: ms('ODO_HISTORY_LEASE_MS', 5_000, { min: 1_000 }),
  views: {
    flushIntervalMs: ms('ODO_HISTORY_FLUSH_MS', 15_000, { min: 10 }),
    flushBytes: bytes('ODO_HISTORY_FLUSH_BYTES', 16 * 1024 ** 2, { min: 1024 }),
  },
} as const;

export type HistoryConfig = ConfigOf<typeof historySettings>;
