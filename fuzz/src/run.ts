import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@odograph/client';
import { type Cluster, startCluster } from '@odograph/cluster/cluster';
import { yieldCpu } from '@odograph/engines/yield-cpu';
import { pause } from '@odograph/kernel/clock';
import { formatPosition } from '@odograph/kernel/position';
import { CANARY_VEHICLE } from './canary/canary.ts';
import { type ForkedCanary, forkCanary } from './canary/fork-canary.ts';
import type { Operation } from './canary/stopwatch.ts';
import { contractMethods } from './contract.ts';
import type { Input, Target } from './inputs/input.ts';
import { fillLog } from './inputs/reports.ts';
import { measureLag, type OurProcesses } from './lag.ts';
import { judgeLog, judgeOperation } from './verdict/judge-canary.ts';
import { type Broken, createViolations, type Violation } from './verdict/violation.ts';
import { type ProcessWatch, watchProcesses } from './verdict/watch-processes.ts';
import { openServer } from './wire/server.ts';

export interface FuzzOptions {
  readonly inputs: Iterable<Input>;
  /** Settings of the services. */
  readonly env?: NodeJS.ProcessEnv;
  /** After an abort no further input is sent, and what was is judged. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FuzzProgress) => void;
}

export interface FuzzProgress {
  readonly inputs: number;
  readonly violations: readonly Violation[];
}

export interface FuzzResult extends FuzzProgress {
  readonly seconds: number;
  /** The longest that each operation of the canary took beyond what the machine was late, in milliseconds. */
  readonly slowestMs: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  /** Delays that were seen once, and not when the same inputs ran again. */
  readonly notSeenAgain: number;
  /** The most resident memory of each service, in MiB. */
  readonly peakMib: ProcessWatch['peaks'];
  /** The folder of data and logs, if a rule was broken. */
  readonly keptIn: string | undefined;
}

/** Messages that are under way at the same time. */
const AT_ONCE = 64;
/** Inputs from one look at the platform to the next. */
const BATCH = 1_024;
/** How many searches for the input of a batch may fail; then batches are reported as they are. */
const SEARCHES = 20;
const WARM_UP_MS = 3_000;
/** How long a service may take to serve again after an input; then it is killed, and its fault is one violation. */
const RECOVERS_WITHIN_MS = 30_000;

/** Starts a platform, throws the inputs at it, and judges. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const startedAtMs = performance.now();
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-fuzz-'));
  const cluster = await startCluster({ dataDir, env: { ODO_LOG_LEVEL: 'warn', ...options.env } });
  const result = await attack(cluster, options).finally(() => cluster.kill());
  const isClean = result.violations.length === 0;
  if (isClean) await rm(dataDir, { recursive: true, force: true });
  const seconds = (performance.now() - startedAtMs) / 1_000;
  return { ...result, seconds, keptIn: isClean ? undefined : dataDir };
}

async function attack(cluster: Cluster, options: FuzzOptions) {
  const { ingest, histories } = cluster.endpoints;
  const history = histories[0] ?? '';
  const metricsOf = (name: string) => cluster.metrics[name] ?? '';
  const servers = {
    history: openServer('history', history, metricsOf('history-1')),
    ingest: openServer('ingest', ingest, metricsOf('ingest')),
  };
  const pidsOf = (nodes: Cluster['nodes']) => nodes.flatMap((node) => node.pid() ?? []);
  let canary: ForkedCanary | undefined;
  const ourProcesses = (): OurProcesses => ({
    services: pidsOf([...cluster.histories, cluster.ingest]),
    all: [...pidsOf(cluster.nodes), process.pid, canary?.pid ?? 0],
  });
  const target: Target = { servers, methods: contractMethods(), lag: measureLag(ourProcesses) };
  // The platform and the canary come first.
  yieldCpu({ pid: process.pid, exitCode: null, signalCode: null });
  await fillLog(target);
  canary = await forkCanary({ ingest, history, metrics: Object.values(cluster.metrics) }, ourProcesses);
  const processes = watchProcesses(cluster);
  const observer = new Observer(cluster, canary, processes);
  try {
    await pause(WARM_UP_MS);
    await observer.look();
    processes.rememberStart();
    const inputs = await throwAll(target, observer, options);
    const back = await processes.untilBack();
    const { acknowledged = [] } = await canary.stop();
    const lost = await checkLog(history, new Map(acknowledged));
    for (const broken of [...back, ...lost]) observer.violations.add(broken, []);
    return {
      ...{ inputs, acknowledged: acknowledged.length, peakMib: processes.peaks },
      ...{ slowestMs: observer.slowestMs, notSeenAgain: observer.notSeenAgain },
      violations: observer.violations.all(),
    };
  } finally {
    canary.kill();
    processes.stop();
    target.lag.stop();
    for (const server of Object.values(servers)) server.close();
  }
}

async function throwAll(target: Target, observer: Observer, options: FuzzOptions): Promise<number> {
  let count = 0;
  for (const batch of inBatches(options.inputs)) {
    if (options.signal?.aborted) break;
    count += batch.length;
    await observer.judge(target, batch);
    options.onProgress?.({ inputs: count, violations: observer.violations.all() });
  }
  return count;
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

/** What was seen of the platform, and what is wrong with it. */
class Observer {
  readonly violations = createViolations();
  readonly slowestMs: Record<string, number> = {};
  readonly #cluster: Cluster;
  readonly #canary: ForkedCanary;
  readonly #processes: ProcessWatch;
  notSeenAgain = 0;
  #searches = 0;

  constructor(cluster: Cluster, canary: ForkedCanary, processes: ProcessWatch) {
    this.#cluster = cluster;
    this.#canary = canary;
    this.#processes = processes;
  }

  /** Runs a batch. If a rule breaks, looks for the fewest of its inputs that break one again. */
  async judge(target: Target, batch: readonly Input[]): Promise<void> {
    const broken = await this.#run(target, batch);
    if (broken.length === 0) return;
    await this.#recover(batch);
    const guilty = await this.#guilty(target, batch);
    if (guilty.length === 0) this.notSeenAgain += 1;
    // Only a delay must be seen twice: the end of a process is one, even if it was the last of something.
    const isSure = ({ isDelay }: Broken) => guilty.length > 0 || !isDelay;
    for (const each of broken.filter(isSure)) this.violations.add(each, guilty.length > 0 ? guilty : batch);
  }

  /** The rules that a batch breaks together. What a single answer shows by itself is a violation already. */
  async #run(target: Target, batch: readonly Input[]): Promise<readonly Broken[]> {
    const late: Broken[] = [];
    await inParallel(batch, AT_ONCE, async (input) => {
      for (const broken of await input.run(target)) {
        if (broken.isDelay) late.push({ ...broken, detail: `${broken.detail}, ${input.name}` });
        else this.violations.add(broken, [input]);
      }
    });
    return [...(await this.look()), ...late.slice(0, 1)];
  }

  /** Repeats a batch, and halves it as long as one half breaks a rule too. Empty: it breaks none again. */
  async #guilty(target: Target, batch: readonly Input[]): Promise<readonly Input[]> {
    if (this.#searches === SEARCHES) return batch;
    if ((await this.#run(target, batch)).length === 0) return [];
    await this.#recover(batch);
    if (batch.length === 1) return batch;
    const middle = batch.length >> 1;
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      const guilty = await this.#guilty(target, half);
      if (guilty.length > 0) return guilty;
    }
    this.#searches += 1;
    return batch;
  }

  /** Waits for the canary, and gives the rules that were broken since the last look. */
  async look(): Promise<readonly Broken[]> {
    const { operations } = await this.#canary.settle();
    for (const operation of operations) this.#remember(operation);
    const slow = operations.flatMap((operation) => judgeOperation(operation) ?? []);
    return [...this.#processes.take(), ...slow.slice(0, 1)];
  }

  #remember({ name, tookMs, lagMs }: Operation): void {
    this.slowestMs[name] = Math.max(this.slowestMs[name] ?? 0, tookMs - lagMs);
  }

  /** Waits until the platform serves again. A service that does not is killed and started again. */
  async #recover(batch: readonly Input[]): Promise<void> {
    const deadlineAtMs = performance.now() + RECOVERS_WITHIN_MS;
    for (let broken = await this.look(); broken.length > 0; broken = await this.look()) {
      for (const each of broken.filter(({ isDelay }) => !isDelay)) this.violations.add(each, batch);
      if (performance.now() > deadlineAtMs) return await this.#restart();
      await pause(500);
    }
  }

  async #restart(): Promise<void> {
    const { ingest, histories } = this.#cluster;
    for (const process of [...histories, ingest]) await process.kill();
    for (const process of [...histories, ingest]) await process.start();
    await pause(WARM_UP_MS);
    await this.look();
  }
}

async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function checkLog(
  endpoint: string,
  acknowledged: ReadonlyMap<string, string>,
): Promise<readonly Broken[]> {
  using client = createClient({ history: endpoint });
  const events = await Array.fromAsync(client.readLog({ subject: CANARY_VEHICLE, deadlineMs: 60_000 }));
  const logged = events.map(({ event: { reportId }, position }) => ({
    reportId,
    position: formatPosition(position),
  }));
  return judgeLog(acknowledged, logged);
}
