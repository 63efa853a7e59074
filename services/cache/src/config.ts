import type { ConfigOf } from '@odograph/platform/config/config';
import {
  bytes,
  grpcSettings,
  ms,
  natsSettings,
  redisSettings,
  serviceSettings,
  text,
  whole,
} from '@odograph/platform/config/setting';
import { IDS_A_PLACE, WIDE_PLACES } from './watch/weight.ts';

const MEBIBYTE = 1024 ** 2;

/** 20,000 watches are open calls of 16 KiB each, and those of one client may have half. */
const OPEN_CALLS_BYTES = 640 * MEBIBYTE;

export const settings = {
  ...serviceSettings,
  grpc: grpcSettings({ maxUnfinishedBytes: OPEN_CALLS_BYTES }),
  nats: natsSettings,
  redis: redisSettings,
  history: text('ODO_CACHE_HISTORY', '127.0.0.1:4102', {
    meaning: 'where history answers calls, as `host:port`',
  }),
  memoryBytes: bytes('ODO_CACHE_MEMORY_BYTES', 100 * MEBIBYTE, {
    min: MEBIBYTE,
    limit: { of: 'process', above: 'the value that was used longest ago is dropped' },
    meaning: 'memory for values; what lists choose vehicles by comes on top, about 500 bytes a vehicle',
  }),
  folder: text('ODO_CACHE_FOLDER', '', {
    meaning: 'a folder for what is kept over a restart; without it nothing is',
    fallbackInWords: 'none',
  }),
  fileBytes: bytes('ODO_CACHE_FILE_BYTES', 1024 * MEBIBYTE, {
    min: MEBIBYTE,
    limit: { of: 'process', above: 'the value that was used longest ago is removed' },
    meaning: 'files of values in that folder',
  }),
  maxWatches: whole('ODO_CACHE_MAX_WATCHES', 5_000, {
    min: 1,
    limit: { of: 'client', above: 'RESOURCE_EXHAUSTED with a delay' },
    meaning: `streams of \`VehicleStatus.Watch\` of one client, four times as many of all; ${IDS_A_PLACE} ids count as one, a wide one as ${WIDE_PLACES}`,
  }),
  redisWaitMs: ms('ODO_CACHE_REDIS_WAIT_MS', 100, {
    ...{ min: 1, max: 5_000 },
    meaning: 'how long a caller waits for Redis; then the value is read from its source',
  }),
} as const;

export type CacheConfig = ConfigOf<typeof settings>;
