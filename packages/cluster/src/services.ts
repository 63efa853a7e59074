import { join } from 'node:path';
import type { EngineKind, EngineUser } from '@odograph/engines/engine-kind';
import { projectRoot } from '@odograph/engines/project-paths';
import { inboxPrefixOf } from '@odograph/event-log/nats-subjects';

/** What the supervisor, the command line and the tests need to know about a service. */
export interface ServiceSpec {
  /** Its name among the endpoints, in the data directory and in the options of the command line. */
  readonly name: string;
  /** Its start file. */
  readonly main: string;
  /** The prefix of its own settings; it refuses an unknown name with this prefix. */
  readonly settingsPrefix: string;
  /** The engines that it connects to; they start before it. */
  readonly engines: readonly EngineKind[];
  /** The services that it asks, by the setting with their address; they start before it. */
  readonly asks?: Readonly<Record<string, string>>;
  /** The setting with the folder for what a process of it keeps over a restart. */
  readonly folderSetting?: string;
  /** Its settings under `odograph up`, unless a user sets them. */
  readonly upSettings?: Readonly<Record<string, string>>;
  /** What it may do in a NATS that is started here. */
  readonly subjects: EngineUser['subjects'];
  /** Whether this process yields CPU when the machine is saturated. */
  readonly yieldsCpu: boolean;
  /** Whether several can run on one platform; then they are numbered, such as `history-2`. */
  readonly isReplicated: boolean;
  /** The port for calls and that of the metrics under `odograph up`, unless another program uses it. */
  readonly usualPorts: { readonly grpc: number; readonly metrics: number };
  /** What clients send to its gRPC port, for the help of the command line. */
  readonly portIsFor: string;
}

/** The services of the platform in the order they start; they stop in reverse order. */
export const platformServices = [
  {
    name: 'history',
    main: join(projectRoot, 'services/history/src/main.ts'),
    settingsPrefix: 'ODO_HISTORY_',
    engines: ['nats', 'mongo'],
    // It owns the streams, repairs them, and tells what is in the log.
    subjects: {
      publish: [
        'events.*',
        'repair.*',
        'set-aside.*',
        'log.*',
        '$JS.API.INFO',
        '$JS.API.STREAM.>',
        '$JS.API.DIRECT.GET.>',
        '$JS.API.CONSUMER.>',
      ],
      subscribe: ['log.*', `${inboxPrefixOf('history')}.>`],
    },
    // It stores reports that are already acknowledged: a vehicle waits for ingest only.
    yieldsCpu: true,
    isReplicated: true,
    usualPorts: { grpc: 4102, metrics: 4112 },
    portIsFor: 'queries',
  },
  {
    name: 'ingest',
    main: join(projectRoot, 'services/telemetry-ingest/src/main.ts'),
    settingsPrefix: 'ODO_INGEST_',
    engines: ['nats'],
    // It stores envelopes and sees streams, and cannot change or empty one, or claim that something is in the log.
    subjects: {
      publish: ['events.*', '$JS.API.INFO', '$JS.API.STREAM.INFO.*'],
      subscribe: ['log.*', `${inboxPrefixOf('ingest')}.>`],
    },
    yieldsCpu: false,
    isReplicated: false,
    usualPorts: { grpc: 4101, metrics: 4111 },
    portIsFor: 'reports',
  },
  {
    name: 'cache',
    main: join(projectRoot, 'services/cache/src/main.ts'),
    settingsPrefix: 'ODO_CACHE_',
    engines: ['nats', 'redis'],
    asks: { history: 'ODO_CACHE_HISTORY' },
    folderSetting: 'ODO_CACHE_FOLDER',
    // It shares invalidations with other caches, and has nothing to do with the log.
    subjects: {
      publish: [
        'cache.invalidations',
        '$JS.API.INFO',
        '$JS.API.STREAM.*.CACHE_INVALIDATIONS',
        '$JS.API.CONSUMER.*.CACHE_INVALIDATIONS.>',
        '$JS.API.CONSUMER.MSG.NEXT.CACHE_INVALIDATIONS.>',
        '$JS.ACK.CACHE_INVALIDATIONS.>',
        '$JS.FC.>',
      ],
      subscribe: [`${inboxPrefixOf('cache')}.>`],
    },
    yieldsCpu: true,
    isReplicated: true,
    usualPorts: { grpc: 4103, metrics: 4113 },
    portIsFor: 'the latest statuses',
  },
  {
    name: 'alerting',
    main: join(projectRoot, 'services/alerting/src/main.ts'),
    settingsPrefix: 'ODO_ALERTING_',
    engines: ['nats', 'mongo'],
    asks: { history: 'ODO_ALERTING_HISTORY' },
    upSettings: {
      ODO_ALERTING_RULES_FILE: join(projectRoot, 'services/alerting/rules/ready-made.yaml'),
    },
    // What it finds enters the log as reports do; it sees streams, and cannot change or empty one.
    subjects: {
      publish: ['events.*', '$JS.API.INFO', '$JS.API.STREAM.INFO.*'],
      subscribe: ['log.*', `${inboxPrefixOf('alerting')}.>`],
    },
    yieldsCpu: true,
    isReplicated: true,
    usualPorts: { grpc: 4104, metrics: 4114 },
    portIsFor: 'alerts, rules and silences',
  },
] as const satisfies readonly ServiceSpec[];

type PlatformService = (typeof platformServices)[number];
export type ServiceName = PlatformService['name'];

/** The name of one process of a service. */
export type InstanceName = {
  [S in PlatformService as S['name']]: S['isReplicated'] extends true ? `${S['name']}-${number}` : S['name'];
}[ServiceName];
