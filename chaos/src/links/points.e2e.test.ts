import { rm } from 'node:fs/promises';
import { createClient } from '@odograph/client';
import { type Route, startCluster } from '@odograph/cluster/cluster';
import { createRandom } from '@odograph/kernel/random';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { makeRunDir } from '@odograph/testing/engines-setup';
import { eventually } from '@odograph/testing/eventually';
import { Ledger } from '@odograph/testing/ledger';
import { expect, test } from 'vitest';
import { createReporter } from '../load/reporter.ts';
import { openLink } from './link.ts';
import { isPoint, POINTS, type PointLink, type PointName } from './points.ts';

const NAMES = Object.keys(POINTS) as PointName[];
const WATCHED: Partial<Record<Route, { readonly link: PointLink; readonly protocol: 'nats' | 'mongo' }>> = {
  'ingest→nats': { link: 'ingest-nats', protocol: 'nats' },
  'history-1→nats': { link: 'history-nats', protocol: 'nats' },
  'history-1→mongo': { link: 'history-mongo', protocol: 'mongo' },
};

/** How often each point was reached on its link. */
type Counts = Map<PointName, number>;

async function linkOn(route: Route, targetPort: number, counts: Counts) {
  const watched = WATCHED[route];
  const protocol = watched && { protocol: watched.protocol };
  const link = await openLink({ name: route, targetPort, ...protocol });
  if (!watched) return link;
  const points = NAMES.filter((name) => POINTS[name].link === watched.link);
  link.watch((frame) => {
    for (const name of points) if (isPoint(name, frame)) counts.set(name, (counts.get(name) ?? 0) + 1);
    return 'pass';
  });
  return link;
}

test('reports and decisions pass every point', async () => {
  const counts: Counts = new Map();
  await using stack = new AsyncDisposableStack();
  const dataDir = await makeRunDir();
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const between = async (route: Route, port: number) => stack.use(await linkOn(route, port, counts)).port;
  const cluster = await startCluster({
    dataDir,
    env: { ODO_HISTORY_FLUSH_MS: '200', ODO_HISTORY_LEDGER_MS: '200' },
    between,
  });
  stack.defer(() => cluster.stop());
  expect(counts.get('insert sent')).toBeUndefined();

  const reporter = createReporter({
    endpoint: cluster.endpoints.ingest,
    fleet: createFleet({ movement: 'steps', seed: 1, vehicles: 4 }),
    vehicles: [0, 1, 2, 3],
    ledger: new Ledger(),
    random: createRandom(1),
    ...{ mode: 'calls', maxBatch: 10, everyMs: 20, deadlineMs: 2_000, repeatOdds: 0 },
  });
  stack.defer(() => reporter.close());
  const stop = new AbortController();
  const reporting = reporter.run(stop.signal, 10_000);
  using history = createClient({ history: cluster.endpoints.histories[0] });
  await history.registerVehicle('decided-upon');
  await eventually(() => expect(NAMES.filter((name) => !counts.has(name))).toEqual([]), 60_000);
  stop.abort();
  await reporting;
});
