import { type Cluster, type ClusterOptions, type Route, startCluster } from '@odograph/cluster/cluster';
import { Fault } from '@odograph/kernel/fault';
import type { Random } from '@odograph/kernel/random';
import { type Link, openLink } from '../links/link.ts';

/** A platform with a link on each route between its processes. */
interface LinkedCluster {
  readonly cluster: Cluster;
  readonly links: readonly Link[];
  link(route: Route): Link;
  /** Starts stopped processes, resumes paused ones, and heals all links. */
  heal(): Promise<void>;
  /** Sends kill -9 to all processes. Throws the error of a watcher of a link. */
  close(): Promise<void>;
}

type LinkedClusterOptions = Omit<ClusterOptions, 'between'> & {
  /** Draws the jitter. */
  readonly random: Random;
};

export async function startLinkedCluster({
  random,
  ...options
}: LinkedClusterOptions): Promise<LinkedCluster> {
  const links = new Map<Route, Link>();
  const cluster = await startCluster({
    ...options,
    between: async (route, port) => {
      const link = await openLink({ name: route, targetPort: port, random, ...protocolOf(route) });
      links.set(route, link);
      return link.port;
    },
  });
  const all = [...links.values()];
  return {
    cluster,
    links: all,
    link(route) {
      const link = links.get(route);
      if (!link) throw new Fault('INTERNAL', `there is no link on route ${route}`);
      return link;
    },
    async heal() {
      for (const node of cluster.nodes) node.resume();
      await Promise.all(all.map((link) => link.heal()));
      for (const node of cluster.nodes) await node.start();
    },
    async close() {
      await cluster.kill();
      for (const link of all) await link.close();
    },
  };
}

function protocolOf(route: Route): { readonly protocol?: 'nats' | 'mongo' } {
  if (route.endsWith('→nats')) return { protocol: 'nats' };
  return route.endsWith('→mongo') ? { protocol: 'mongo' } : {};
}
