import { hostname } from 'node:os';
import type { ConfigOf } from '@odograph/platform/config/config';
import {
  grpcSettings,
  mongoSettings,
  ms,
  natsSettings,
  serviceSettings,
  text,
  whole,
} from '@odograph/platform/config/setting';

const MEBIBYTE = 1024 ** 2;

export const settings = {
  ...serviceSettings,
  grpc: grpcSettings({ maxUnfinishedBytes: 256 * MEBIBYTE }),
  nats: natsSettings,
  mongo: {
    ...mongoSettings,
    maxPool: whole('ODO_ALERTING_MONGO_MAX_POOL', 20, {
      ...{ min: 5, max: 1_000 },
      limit: { of: 'process', above: 'RESOURCE_EXHAUSTED if none is free in time' },
      meaning: 'how many connections to MongoDB may be used',
    }),
  },
  history: text('ODO_ALERTING_HISTORY', '127.0.0.1:4102', {
    meaning: 'where history answers calls, as `host:port`',
  }),
  instance: text('ODO_ALERTING_INSTANCE', `${hostname()}:${process.pid}`, {
    meaning: 'the name of this process among the replicas of alerting, which share the partitions',
    fallbackInWords: '`<host name>:<process id>`',
  }),
  leaseTtlMs: ms('ODO_ALERTING_LEASE_MS', 5_000, {
    min: 1_000,
    meaning:
      'how long a partition stays reserved for a process that crashed; after that a replica evaluates its rules',
  }),
  storeEveryMs: ms('ODO_ALERTING_STORE_MS', 30_000, {
    min: 100,
    meaning:
      'how often what is known of vehicles is stored; after a crash the log is evaluated again from there, and makes the same alerts',
  }),
  rulesFile: text('ODO_ALERTING_RULES_FILE', '', {
    meaning:
      'a file of rules that are created when the service starts, unless there are rules of their names; a rule that was revised stays so',
    fallbackInWords: 'none',
  }),
  receiversFile: text('ODO_ALERTING_RECEIVERS_FILE', '', {
    meaning:
      'a file of receivers, who get messages of alerts; services/alerting/receivers/receivers.yaml is a sample',
    fallbackInWords: 'none: alerts are listed only',
  }),
  maxWatches: whole('ODO_ALERTING_MAX_WATCHES', 100, {
    min: 1,
    limit: { of: 'client', above: 'RESOURCE_EXHAUSTED with a delay' },
    meaning: 'streams of `Alerts.Watch` of one client, four times as many of all',
  }),
  decisionsPerSecond: whole('ODO_ALERTING_MAX_DECISIONS_PER_SECOND', 20, {
    min: 1,
    limit: { of: 'client', above: 'RESOURCE_EXHAUSTED with a delay' },
    meaning:
      'decisions of one client in a second, those of 10 s at once: changes of rules and silences, and acknowledgements',
  }),
} as const;

export type AlertingConfig = ConfigOf<typeof settings>;
