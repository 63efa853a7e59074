import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@odograph/client';
import { type Cluster, startCluster } from '@odograph/cluster/cluster';
import { MAX_NICENESS, yieldCpu } from '@odograph/engines/yield-cpu';
import { pause } from '@odograph/kernel/clock';
import { formatPosition } from '@odograph/kernel/position';
import { CANARY_VEHICLE } from './canary/canary.ts';
import { forkCanary } from './canary/fork-canary.ts';
import type { Input } from './inputs/input.ts';
import type { Target } from './inputs/script.ts';
import { fillLog } from './inputs/sequences.ts';
import { Judge } from './judge.ts';
import { liveMemoryEnv } from './live-memory.ts';
import { Processes } from './processes.ts';
import { type Broken, judgeCount, judgeLog, type Violation } from './verdict.ts';
import { Server } from './wire/server.ts';

export interface FuzzOptions {
  readonly inputs: Iterable<Input>;
  /** Settings of the services. */
  readonly env?: NodeJS.ProcessEnv;
  /** After an abort no further input is sent, and what was is judged. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (inputs: number, violations: readonly Violation[]) => void;
}

export interface FuzzResult {
  readonly violations: readonly Violation[];
  readonly inputs: number;
  readonly seconds: number;
  /** The longest that each operation of the canary took beyond what the machine withheld, in milliseconds. */
  readonly slowestMs: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  /** Delays that were seen once, and not when the same inputs ran again. */
  readonly notSeenAgain: readonly Broken[];
  /** The most resident memory of each service. */
  readonly peaksMib: Readonly<Record<string, number>>;
  /** The folder of data and logs, if a rule was broken. */
  readonly keptIn: string | undefined;
}

/** Less than what a service may hold of the load afterwards. */
const CACHE_BYTES = String(32 * 1024 ** 2);
/** Messages from one look at the platform to the next. */
const BATCH = 2_048;
const WARM_UP_MS = 3_000;
/** How long the canary goes on after the last input: until history has stored what the inputs left, see ODO_HISTORY_FLUSH_MS. */
const AFTERMATH_MS = 20_000;

/** Starts a platform, throws the inputs at it, and judges. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const startedAtMs = performance.now();
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-fuzz-'));
  const cluster = await startCluster({
    ...{ dataDir, caches: 1, alertings: 1 },
    env: liveMemoryEnv({ ODO_LOG_LEVEL: 'warn', ODO_CACHE_MEMORY_BYTES: CACHE_BYTES, ...options.env }),
  });
  const result = await attack(cluster, dataDir, options).finally(() => cluster.kill());
  const isClean = result.violations.length === 0;
  if (isClean) await rm(dataDir, { recursive: true, force: true });
  const seconds = (performance.now() - startedAtMs) / 1_000;
  return { ...result, seconds, keptIn: isClean ? undefined : dataDir };
}

async function attack(cluster: Cluster, dataDir: string, { inputs, signal, onProgress }: FuzzOptions) {
  const { endpoints, metrics, histories, ingest, caches, alertings, nats, mongo, redis } = cluster;
  const [history = ''] = endpoints.histories;
  const [cache = ''] = endpoints.caches;
  const [alerting = ''] = endpoints.alertings;
  const target: Target = {
    history: new Server('history', history, metrics['history-1']),
    ingest: new Server('ingest', endpoints.ingest, metrics['ingest']),
    cache: new Server('cache', cache, metrics['cache-1']),
    alerting: new Server('alerting', alerting, metrics['alerting-1']),
  };
  const pidsOf = (nodes: Cluster['nodes']) => nodes.flatMap((node) => node.pid() ?? []);
  const canary = forkCanary({ ingest: endpoints.ingest, history, metrics: Object.values(metrics) }, () => ({
    services: pidsOf([...histories, ingest, ...caches, ...alertings]),
    engines: pidsOf([nats, mongo, ...(redis ? [redis] : [])]),
  }));
  // Attackers have machines of their own, so the platform and the canary come first.
  yieldCpu({ pid: process.pid, exitCode: null, signalCode: null }, MAX_NICENESS);
  await fillLog(target);
  const processes = new Processes(cluster, dataDir);
  const judge = new Judge({ cluster, canary, processes, target });
  try {
    await pause(WARM_UP_MS);
    await canary.settle();
    await processes.rememberStart();
    let count = 0;
    for (const batch of inBatches(inputs)) {
      if (signal?.aborted) break;
      await judge.run(batch);
      count += batch.length;
      onProgress?.(count, judge.violations.all());
    }
    await pause(AFTERMATH_MS);
    const acknowledged = await judge.end();
    for (const broken of [...judgeCount(acknowledged), ...(await checkLog(history, acknowledged))])
      judge.violations.add(broken, []);
    onProgress?.(count, judge.violations.all());
    return {
      ...{ inputs: count, acknowledged: Object.keys(acknowledged).length, peaksMib: processes.peaksMib() },
      ...{ slowestMs: judge.slowestMs, notSeenAgain: judge.notSeenAgain, violations: judge.violations.all() },
    };
  } finally {
    canary.kill();
    processes.stop();
    for (const server of Object.values(target)) server.close();
  }
}

/** An input that runs alone is a batch of one. */
function* inBatches(inputs: Iterable<Input>): Generator<readonly Input[]> {
  let batch: Input[] = [];
  for (const input of inputs) {
    if (batch.length === BATCH || (batch.length > 0 && input.isAlone)) {
      yield batch;
      batch = [];
    }
    if (input.isAlone) yield [input];
    else batch.push(input);
  }
  if (batch.length > 0) yield batch;
}

async function checkLog(endpoint: string, acknowledged: Readonly<Record<string, string>>) {
  using client = createClient({ history: endpoint });
  const events = await Array.fromAsync(client.readLog({ subject: CANARY_VEHICLE, deadlineMs: 60_000 }));
  return judgeLog(
    acknowledged,
    events.map(({ event, position }) => ({ reportId: event.reportId, position: formatPosition(position) })),
  );
}
