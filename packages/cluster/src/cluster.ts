import type { EngineKind } from '@odograph/engines/engine-kind';
import { findBinary } from '@odograph/engines/find-engine';
import { findFreePort, LOOPBACK } from '@odograph/engines/free-port';
import { makePrivateFolder } from '@odograph/engines/private-files';
import { DEFAULT_PARTITIONS } from '@odograph/kernel/defaults';
import { invariant } from '@odograph/kernel/fault';
import { type Platform, type PlatformService, planPlatform, type ServiceInstance } from './platform.ts';
import { CLUSTER_LIMITS } from './restart-policy.ts';
import { type InstanceName, platformServices, type ServiceSpec } from './services.ts';
import type { SupervisedProcess } from './supervised-process.ts';

/** A connection from a caller to a server. A second replica of history is `history-2`. */
export type Route = `${InstanceName | 'client'}→${EngineKind | InstanceName}`;

export interface ClusterOptions {
  /** The folder of all data and logs. The caller creates and removes it. */
  readonly dataDir: string;
  /** Replicas of history. Default: 1. */
  readonly histories?: number;
  /** Replicas of the cache. Default: none, and no Redis. */
  readonly caches?: number;
  /** Replicas of alerting. Default: none. */
  readonly alertings?: number;
  readonly partitions?: number;
  /** Settings of the services, such as `ODO_HISTORY_FLUSH_MS`, on top of this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Returns the port that a caller is given for a server's port, for example the port of a proxy. Default: the server's. */
  readonly between?: (route: Route, port: number) => Promise<number>;
  /** Binaries of engines. Default: what `findBinary` finds. */
  readonly binaries?: { readonly [kind in EngineKind]?: string };
}

/** A whole platform for tests and measurements, with access to each of its processes. */
export interface Cluster extends Pick<Platform, 'stop' | 'kill'> {
  readonly nats: SupervisedProcess;
  readonly mongo: SupervisedProcess;
  readonly ingest: SupervisedProcess;
  readonly histories: readonly SupervisedProcess[];
  readonly caches: readonly SupervisedProcess[];
  readonly alertings: readonly SupervisedProcess[];
  /** Undefined without a cache. */
  readonly redis: SupervisedProcess | undefined;
  /** All processes in the order they start. */
  readonly nodes: readonly SupervisedProcess[];
  /** Where a client reaches the services; `host:port`. */
  readonly endpoints: {
    readonly ingest: string;
    readonly histories: readonly string[];
    readonly caches: readonly string[];
    readonly alertings: readonly string[];
  };
  /** Where the metrics of each service can be scraped, by the names of the nodes; `host:port`. */
  readonly metrics: Readonly<Record<string, string>>;
  /** The replicas' own addresses, without a proxy. */
  readonly directEndpoints: readonly string[];
  /** The engines' own addresses, without a proxy, with the passwords of their owners. */
  readonly urls: { readonly nats: string; readonly mongo: string; readonly redis: string | undefined };
}

/** Starts a platform. @throws Fault that names the process that cannot be started; then nothing is left running. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const {
    dataDir,
    histories = 1,
    caches = 0,
    alertings = 0,
    partitions = DEFAULT_PARTITIONS,
    env,
    binaries,
    between,
  } = options;
  const instances = instancesOf({ history: histories, cache: caches, alerting: alertings });
  makePrivateFolder(dataDir);
  const platform = await planPlatform({
    ...{ dataDir, partitions, instances, limits: CLUSTER_LIMITS },
    env: { ...process.env, ...env },
    choosePort: () => findFreePort(),
    findEngine: async (kind) => {
      const path = binaries?.[kind];
      return path === undefined ? await findBinary(kind) : { kind: 'binary', path };
    },
    ...(between && {
      between: (service, server, port) => between(`${service}→${server}` as Route, port),
    }),
  });
  const { processes: nodes, engines, services } = platform;
  const ingest = named(services, 'ingest');
  const replicas = services.filter(({ name }) => name.startsWith('history-'));
  const cacheReplicas = services.filter(({ name }) => name.startsWith('cache-'));
  const alertingReplicas = services.filter(({ name }) => name.startsWith('alerting-'));
  const reach = async ({ name, port }: PlatformService) =>
    `${LOOPBACK}:${(await between?.(`client→${name}` as Route, port)) ?? port}`;
  let endpoints: Cluster['endpoints'];
  try {
    await platform.start();
    endpoints = {
      ingest: await reach(ingest),
      histories: await Promise.all(replicas.map(reach)),
      caches: await Promise.all(cacheReplicas.map(reach)),
      alertings: await Promise.all(alertingReplicas.map(reach)),
    };
  } catch (error) {
    await platform.kill();
    throw error;
  }
  return {
    nats: named(nodes, 'nats'),
    mongo: named(nodes, 'mongo'),
    ingest: ingest.process,
    histories: replicas.map(({ process }) => process),
    caches: cacheReplicas.map(({ process }) => process),
    alertings: alertingReplicas.map(({ process }) => process),
    redis: nodes.find(({ name }) => name === 'redis'),
    nodes,
    endpoints,
    metrics: Object.fromEntries(
      services.map(({ name, metricsPort }) => [name, `${LOOPBACK}:${metricsPort}`]),
    ),
    directEndpoints: replicas.map(({ port }) => `${LOOPBACK}:${port}`),
    urls: {
      nats: named(engines, 'nats').url,
      mongo: named(engines, 'mongo').url,
      redis: engines.find(({ name }) => name === 'redis')?.url,
    },
    stop: platform.stop,
    kill: platform.kill,
  };
}

/** One instance of each service, and as many as wanted of those that are replicated. */
function instancesOf(wanted: Readonly<Record<string, number>>): readonly ServiceInstance[] {
  return platformServices.flatMap((service: ServiceSpec): ServiceInstance[] => {
    const { name, isReplicated } = service;
    if (!isReplicated) return [{ name, service }];
    return Array.from({ length: wanted[name] ?? 1 }, (_, at) => ({ name: `${name}-${at + 1}`, service }));
  });
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((each) => each.name === name);
  invariant(found, `the cluster has no ${name}`);
  return found;
}
