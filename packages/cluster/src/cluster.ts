import { join } from 'node:path';
import { findFreePort, LOOPBACK } from '@odograph/engines/free-port';
import { startMongo } from '@odograph/engines/mongo';
import { startNats } from '@odograph/engines/nats';
import type { StartOptions } from '@odograph/engines/start-engine';
import { Fault } from '@odograph/kernel/fault';
import { type ClusterNode, clusterNode } from './node.ts';
import { planService } from './service-part.ts';
import { platformServices } from './services.ts';

/** Who calls and who is called. A second replica of history is `history-2`. */
export type Route = `${'ingest' | HistoryName | 'client'}→${'nats' | 'mongo' | 'ingest' | HistoryName}`;
export type HistoryName = `history-${number}`;

export interface ClusterOptions {
  /** Everything lies here. Whoever made it removes it. */
  readonly dataDir: string;
  /** Replicas of history. Default: 1. */
  readonly histories?: number;
  readonly partitions?: number;
  /** Settings of the services, such as `ODO_HISTORY_FLUSH_MS`; those of a prefix reach only that service. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gives the port that a caller is told for a server's: where somebody stands between the two. Default: the server's. */
  readonly between?: (route: Route, port: number) => Promise<number>;
  /** Of the engines. Default: what is found. */
  readonly binaries?: { readonly nats?: string; readonly mongo?: string };
}

/** The whole platform, each of its processes in one's hand: engines, the door, replicas of history. */
export interface Cluster {
  readonly nats: ClusterNode;
  readonly mongo: ClusterNode;
  readonly ingest: ClusterNode;
  readonly histories: readonly ClusterNode[];
  /** All of them, in the order they start. */
  readonly nodes: readonly ClusterNode[];
  /** Where a client finds the services; `host:port`. */
  readonly endpoints: { readonly ingest: string; readonly histories: readonly string[] };
  /** Where the metrics of each service can be scraped, by the names of their nodes; `host:port`. */
  readonly metrics: Readonly<Record<string, string>>;
  /** Where the replicas of history are, past anybody who stands between. */
  readonly directEndpoints: readonly string[];
  /** The engines' own addresses, past anybody who stands between. */
  readonly urls: { readonly nats: string; readonly mongo: string };
  stop(): Promise<void>;
  /** kill -9 of all of them. */
  kill(): Promise<void>;
}

/** Starts all of it; what cannot be started is named by the Fault, and nothing is left running. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { histories = 1, between = (_, port) => Promise.resolve(port) } = options;
  const ports = { nats: await findFreePort(), mongo: await findFreePort() };
  const urls = { nats: natsUrl(ports.nats), mongo: mongoUrl(ports.mongo) };
  const nats = engineNode('nats', startNats, ports.nats, options);
  const mongo = engineNode('mongo', startPlatformMongo, ports.mongo, options);
  const names = Array.from({ length: histories }, (_, at): HistoryName => `history-${at + 1}`);
  const replicas = await Promise.all(names.map((name) => serviceNode(name, 'history', ports, options)));
  const door = await serviceNode('ingest', 'ingest', ports, options);
  const nodes = [nats, mongo, ...replicas.map(({ node }) => node), door.node];
  const stop = async () => {
    for (const node of nodes.toReversed()) await node.stop();
  };
  const kill = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
  };
  try {
    await Promise.all([nats.start(), mongo.start()]);
    for (const { node } of [...replicas, door]) await node.start();
  } catch (error) {
    await kill();
    throw error;
  }
  const reach = async (route: Route, port: number) => `${LOOPBACK}:${await between(route, port)}`;
  const endpoints = {
    ingest: await reach('client→ingest', door.port),
    histories: await Promise.all(replicas.map(({ port }, at) => reach(`client→history-${at + 1}`, port))),
  };
  return {
    nats,
    mongo,
    ingest: door.node,
    histories: replicas.map(({ node }) => node),
    nodes,
    endpoints,
    metrics: Object.fromEntries([...replicas, door].map(({ node, metrics }) => [node.name, metrics()])),
    directEndpoints: replicas.map(({ port }) => `${LOOPBACK}:${port}`),
    urls,
    stop,
    kill,
  };
}

const natsUrl = (port: number) => `nats://${LOOPBACK}:${port}`;
const mongoUrl = (port: number) => `mongodb://${LOOPBACK}:${port}/?directConnection=true`;

/** As `odograph up` starts it. */
const startPlatformMongo = (options: StartOptions) => startMongo({ ...options, standsBack: true });

function engineNode(
  kind: 'nats' | 'mongo',
  start: typeof startNats,
  port: number,
  { dataDir, binaries }: ClusterOptions,
): ClusterNode {
  const binary = binaries?.[kind];
  const where = { dataDir: join(dataDir, kind), port, ...(binary !== undefined && { binary }) };
  return clusterNode(kind, () => start(where));
}

/** A service as `odograph up` starts it. */
async function serviceNode(
  name: 'ingest' | HistoryName,
  kind: 'ingest' | 'history',
  ports: { readonly nats: number; readonly mongo: number },
  { dataDir, partitions = 2, env = {}, between = (_, port) => Promise.resolve(port) }: ClusterOptions,
) {
  const service = platformServices.find((each) => each.name === kind);
  if (!service) throw new Fault('INTERNAL', `there is no service ${kind}`);
  const port = await findFreePort();
  const urls = {
    nats: natsUrl(await between(`${name}→nats`, ports.nats)),
    mongo: mongoUrl(kind === 'history' ? await between(`${name}→mongo`, ports.mongo) : ports.mongo),
  };
  const surroundings = { dataDir, urls, partitions, port, env: { ...process.env, ...settingsOf(kind, env) } };
  const launch = await planService({ ...service, name }, surroundings);
  const never = new AbortController().signal;
  let metrics = '';
  const node = clusterNode(name, async () => {
    const child = await launch(never);
    metrics = child.endpoints.metrics;
    return child;
  });
  return { port, node, metrics: () => metrics };
}

/** A service refuses names that begin like its own and are none of its settings, and ignores those of others. */
function settingsOf(kind: 'ingest' | 'history', env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const other = kind === 'ingest' ? 'ODO_HISTORY_' : 'ODO_INGEST_';
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith(other)));
}
