import { join } from 'node:path';
import { Channel, callUnary } from '@odograph/client/call';
import {
  type AlertsDescribeResponse,
  AlertsService,
} from '@odograph/client/generated/odograph/alerting/v1/alerts';
import { CacheService, type StatsResponse } from '@odograph/client/generated/odograph/cache/v1/cache';
import {
  EventLogService,
  type PartitionInfo,
} from '@odograph/client/generated/odograph/history/v1/event_log';
import { PartitionState } from '@odograph/client/generated/odograph/telemetry/v1/event';
import {
  type DescribeResponse,
  type Refusal,
  TelemetryIngestService,
} from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import type { ServiceName } from '@odograph/cluster/services';
import {
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@odograph/contracts/generated/grpc/health/v1/health';
import { whyUnusable } from '@odograph/engines/free-port';
import { ProcessFault } from '@odograph/engines/process-fault';
import { processState } from '@odograph/engines/process-identity';
import { type Fault, isFault } from '@odograph/kernel/fault';
import { inWords } from '../terminal/durations.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { checkClock } from './engines.ts';

/** A service, however it was started. */
export interface AskedService {
  readonly name: ServiceName;
  readonly endpoint: string;
  /** Its process, and the directory of its log, if `odograph up` started it. */
  readonly started?: { readonly pid: number; readonly dataDir: string } | undefined;
}

const ASK_WITHIN_MS = 3_000;
/** Envelopes in the log that are not in the stored views yet: more than one or two flushes cover. */
const LAG_WARNED_ABOVE = 100_000;
const TOO_SLOW = 'views are stored too slowly: check the disk and MongoDB';
/** By so much at least the sequences jump when history repairs a stream that was replaced. */
const REPAIR_JUMP = 1_000_000;
/** For how long an error that is over is still of interest. */
const RECENT_MS = 60_000;
/** A name whose health tells whether the service is ready. */
const READY_NAMES = {
  history: 'odograph.history.v1.EventLog',
  ingest: 'odograph.telemetry.v1.TelemetryIngest',
  cache: 'odograph.cache.v1.VehicleStatus',
  alerting: 'odograph.alerting.v1.Alerts',
} as const;

const ASK = { ingest: askIngest, history: askHistory, cache: askCache, alerting: askAlerting };

/** Whether a service runs, what it refuses or cannot do and since when, and its clock. */
export async function* checkService(service: AskedService): AsyncGenerator<Check> {
  const dead = await checkProcess(service);
  if (dead) {
    yield dead;
    return;
  }
  const channel = new Channel(service.endpoint);
  try {
    yield* ASK[service.name](channel, service);
  } catch (error) {
    if (!isFault(error)) throw error;
    yield noAnswer(service, error);
  } finally {
    channel.close();
  }
}

/** What the process alone shows: it is stopped, or gone. */
async function checkProcess({ name, endpoint, started }: AskedService): Promise<Check | undefined> {
  if (!started) return undefined;
  const { pid, dataDir } = started;
  const state = processState(pid);
  if (state === 'stopped')
    return fail(
      name,
      `at ${endpoint}: process ${pid} is stopped, so it answers nothing`,
      `kill -CONT ${pid}`,
    );
  if (state === 'running') return undefined;
  const log = { pid, logFile: join(dataDir, `${name}.log`), logFrom: 0 };
  const { message } = new ProcessFault(`process ${pid} has ended`, log);
  const port = Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
  if ((await whyUnusable(port)) === undefined)
    return fail(name, message, 'odograph up restarts it: see the reason above, and up.log');
  const remedy = `find it with ss -ltnp 'sport = :${port}' and stop it, or start odograph up with --${name}-port`;
  return fail(name, `${message}\n  and another program listens at ${endpoint}`, remedy);
}

function noAnswer(service: AskedService, { code, message }: Fault): Check {
  if (message.includes('ECONNREFUSED')) return doesNotListen(service);
  const { name, started } = service;
  const what = code === 'DEADLINE' ? `gives no answer in ${ASK_WITHIN_MS / 1_000} s` : message;
  if (started) return fail(name, what, `see the engines above, and ${name}.log in the data directory`);
  return fail(name, what, START_OR_NAME);
}

const START_OR_NAME = 'start it with odograph up, or name with --endpoint where it listens';

function doesNotListen({ name, endpoint, started }: AskedService): Check {
  if (!started) return fail(name, `nothing listens at ${endpoint}`, START_OR_NAME);
  return fail(
    name,
    `process ${started.pid} does not listen at ${endpoint}: it is starting or ending`,
    `wait until it listens; what keeps it is above, or in ${name}.log in the data directory`,
  );
}

/** Asks the health of the process, and then of its service: whether it is ready. */
async function isServing(channel: Channel, service: string): Promise<boolean> {
  const options = { deadlineMs: ASK_WITHIN_MS };
  const { status } = await callUnary(channel, HealthService.check, { service }, options);
  return status === ServingStatus.SERVING;
}

async function* askIngest(channel: Channel, { name, endpoint }: AskedService): AsyncGenerator<Check> {
  if (!(await isServing(channel, ''))) yield stopping(name, endpoint);
  const askedAtMs = Date.now();
  const options = { deadlineMs: ASK_WITHIN_MS };
  const answer = await callUnary(channel, TelemetryIngestService.describe, {}, options);
  yield* checkIntake(endpoint, answer);
  yield* checkClock(name, { theirsMs: answer.nowMs, askedAtMs, answeredAtMs: Date.now() });
}

/** What ingest takes and refuses. */
export function* checkIntake(endpoint: string, answer: DescribeResponse): Generator<Check> {
  const { partitions, refusal, reportsTaken, nowMs } = answer;
  if (refusal)
    yield fail('ingest', `at ${endpoint} refuses every report ${since(refusal, nowMs)}`, remedyOf(refusal));
  else yield ok('ingest', `serves at ${endpoint}, ${reportsTaken} reports taken since its start`);
  for (const { partition, refusal: own, filledRatio } of partitions) {
    if (own && !refusal)
      yield fail(`ingest, partition ${partition}`, `refuses reports ${since(own, nowMs)}`, remedyOf(own));
    else if (!own && (filledRatio ?? 0) > HALF_FULL)
      yield warn(
        `ingest, partition ${partition}`,
        `its stream is ${Math.round((filledRatio ?? 0) * 100)} % full: the log lags`,
        'see history and MongoDB, and "A full stream, a full disk" in docs/operations.md',
      );
  }
}

/** Trimming keeps a stream below half of its size, unless the log lags. */
const HALF_FULL = 0.6;

function since({ reason, sinceMs }: Refusal, nowMs: number): string {
  return `for ${inWords(nowMs - sinceMs)}: ${reason}`;
}

function remedyOf({ limit }: Refusal): string {
  if (limit === 'stream_bytes')
    return 'the stream has room again within seconds after history and MongoDB have caught up: see them, and "A full stream, a full disk" in docs/operations.md';
  if (limit === 'free_disk') return 'free some space on the disk of MongoDB: ingest notices within seconds';
  return 'do what the reason says, or see NATS above and history below; to restart one, kill its process, and odograph up starts it again: ingest takes reports again by itself';
}

async function* askCache(channel: Channel, { name, endpoint }: AskedService): AsyncGenerator<Check> {
  if (!(await isServing(channel, ''))) yield stopping(name, endpoint);
  const options = { deadlineMs: ASK_WITHIN_MS };
  const isReady = await isServing(channel, READY_NAMES.cache);
  yield* checkCache(endpoint, await callUnary(channel, CacheService.stats, {}, options), isReady);
}

/** What the cache holds, and what it waits for. */
export function* checkCache(endpoint: string, stats: StatsResponse, isReady: boolean): Generator<Check> {
  const { vehicles, types, levels, partitions, isInvalidationsLive } = stats;
  const held = types.map(({ type, entries }) => `${entries} of ${type}`).join(', ');
  if (!isReady)
    yield fail(
      'cache',
      `at ${endpoint} is alive but not ready: it lists the vehicles, ${vehicles} so far, and reads what the log has had`,
      'see history below, and cache.log',
    );
  else yield ok('cache', `serves at ${endpoint}, ${vehicles} vehicles, in memory ${held}`);
  const behind = partitions.filter(({ isFollowed }) => !isFollowed);
  if (isReady && behind.length > 0)
    yield warn(
      'cache, log',
      `does not follow partition ${behind.map(({ partition }) => partition).join(', ')}: it asks history instead`,
      'see history below, and cache.log',
    );
  if (!isInvalidationsLive)
    yield warn(
      'cache, invalidations',
      'does not receive what others invalidate: its values are fresh for 2 s only',
      'see NATS above, and cache.log',
    );
  for (const { level, breaker, repairs } of levels)
    if (breaker !== 'closed' || repairs > 0)
      yield warn(
        `cache, ${level}`,
        `does not answer it, and ${repairs} deletes wait for it: answers come from history instead`,
        level === 'redis' ? 'see Redis above, and cache.log' : 'see its folder, and cache.log',
      );
}

async function* askAlerting(channel: Channel, { name, endpoint }: AskedService): AsyncGenerator<Check> {
  if (!(await isServing(channel, ''))) yield stopping(name, endpoint);
  const options = { deadlineMs: ASK_WITHIN_MS };
  yield* checkAlerting(endpoint, await callUnary(channel, AlertsService.describe, {}, options));
}

/** How many rules are evaluated, and which partitions of the log are not. */
export function* checkAlerting(endpoint: string, described: AlertsDescribeResponse): Generator<Check> {
  const { partitions, enabledRules, pending, firing } = described;
  yield ok(
    'alerting',
    `serves at ${endpoint}, ${enabledRules} rules, ${firing} alerts firing and ${pending} pending`,
  );
  const idle = partitions.filter(({ owner }) => owner === '').map(({ position }) => position?.partition);
  if (idle.length > 0)
    yield fail(
      'alerting, log',
      `evaluates no rule on partition ${idle.join(', ')}`,
      'see history and MongoDB above, and alerting.log; after a crash it takes some seconds',
    );
}

async function* askHistory(channel: Channel, { name, endpoint }: AskedService): AsyncGenerator<Check> {
  const [isAlive, isReady] = [await isServing(channel, ''), await isServing(channel, READY_NAMES.history)];
  if (!isAlive) yield stopping(name, endpoint);
  else if (isReady) yield ok(name, `serves at ${endpoint}`);
  const askedAtMs = Date.now();
  const options = { deadlineMs: ASK_WITHIN_MS };
  try {
    const { partitions, nowMs } = await callUnary(channel, EventLogService.describe, {}, options);
    if (isAlive && !isReady) yield notReady(endpoint, 'MongoDB did not answer it, and does now');
    for (const partition of partitions) yield checkPartition(partition, nowMs);
    yield* checkClock(name, { theirsMs: nowMs, askedAtMs, answeredAtMs: Date.now() });
  } catch (error) {
    if (!isFault(error)) throw error;
    const why = error.code === 'DEADLINE' ? `no answer in ${ASK_WITHIN_MS / 1_000} s` : error.message;
    yield isReady ? fail('partitions', why, SEE_MONGO) : notReady(endpoint, why);
  }
}

const SEE_MONGO = 'do what the reason says, or see MongoDB above, and history.log';

function notReady(endpoint: string, why: string): Check {
  return fail('history', `at ${endpoint} is alive but not ready: ${why}`, SEE_MONGO);
}

function stopping(name: ServiceName, endpoint: string): Check {
  return fail(name, `at ${endpoint} is starting or stopping`, 'ask again in some seconds');
}

/** How far a partition of the log is, and what keeps it from going on. */
export function checkPartition(partition: PartitionInfo, nowMs: number): Check {
  const { watermark, checkpoint, state, reason, owner, views } = partition;
  const name = `partition ${watermark?.partition ?? 0}`;
  if (state === PartitionState.HALTED) {
    return fail(
      name,
      `is halted: ${reason || "see the owner's history.log"}`,
      'do what the reason says; if it names nothing to do, history repairs it: see "A partition is halted" in docs/operations.md',
    );
  }
  if (partition.failingSinceMs > 0) {
    const forWords = inWords(nowMs - partition.failingSinceMs);
    return fail(
      name,
      `history cannot append for ${forWords}: ${partition.lastError}`,
      'see the engines above, and history.log',
    );
  }
  if (!owner) return fail(name, 'has no writer', 'start history, or wait until it has taken the lease');
  if (state !== PartitionState.RUNNING)
    return fail(name, `no broadcast from its owner ${owner}`, 'see NATS above, and history.log');
  const [end, furthest] = [watermark?.sequence ?? 0, views?.sequence ?? 0];
  if (furthest > end) {
    return fail(
      name,
      `its views are at envelope ${furthest}, above the end of the log at ${end}`,
      'history folds them again within seconds; if it does not, see "Views above the log" in docs/operations.md',
    );
  }
  const lag = end - (checkpoint?.sequence ?? 0);
  if (lag >= REPAIR_JUMP) {
    return warn(
      name,
      `at envelope ${end}, and its stored views at ${end - lag}`,
      'if npx odograph log read --type LogGapFound shows that its stream was replaced, the sequences have only jumped, until the views are stored again; ' +
        `else ${TOO_SLOW}`,
    );
  }
  const where = `at envelope ${end}, ${lag} of them not in the stored views yet`;
  if (lag > LAG_WARNED_ABOVE) return warn(name, where, TOO_SLOW);
  const agoMs = nowMs - partition.lastErrorAtMs;
  if (agoMs > RECENT_MS) return ok(name, where);
  return warn(
    name,
    `${where}; ${inWords(agoMs)} ago: ${partition.lastError}`,
    'it goes on; see history.log if it comes again',
  );
}
