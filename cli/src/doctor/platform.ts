import { createClient } from '@odograph/client';
import { Channel, callUnary } from '@odograph/client/call';
import type { PartitionInfo } from '@odograph/client/generated/odograph/history/v1/event_log';
import { PartitionState } from '@odograph/client/generated/odograph/telemetry/v1/event';
import { platformServices, type ServiceName } from '@odograph/cluster/services';
import type { RunningPlatform } from '@odograph/cluster/up-state';
import {
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@odograph/contracts/generated/grpc/health/v1/health';
import { engineFacts, engineKinds } from '@odograph/engines/engine-kind';
import { isFault } from '@odograph/kernel/fault';
import { exposuresOf, hostOf } from '@odograph/platform/app/exposure';
import { type Check, fail, ok, warn } from './check.ts';

const ASK_WITHIN_MS = 3_000;
/** Envelopes in the log that are not in the stored views yet: more than one or two flushes cover. */
const LAG_WARNED_ABOVE = 100_000;

/** Whether the platform runs, and the state of each service and of each partition of the log. */
export async function* checkPlatform(running: RunningPlatform | undefined): AsyncGenerator<Check> {
  if (!running) {
    yield warn(
      'platform',
      'no odograph up runs on this data directory',
      'start it with make run, or npx odograph up',
    );
    return;
  }
  yield ok('platform', `odograph up runs as process ${running.pid}`);
  yield* checkExposure(running, process.env);
  for (const { name } of platformServices.toReversed()) {
    const endpoint = running.endpoints[name];
    if (endpoint !== undefined) yield* checkService(name, endpoint);
  }
}

/** What the running platform lets in from other machines. */
export function* checkExposure(
  { endpoints, metrics }: Pick<RunningPlatform, 'endpoints' | 'metrics'>,
  env: NodeJS.ProcessEnv,
): Generator<Check> {
  const [grpc, scrapes] = [endpoints['history'], metrics['history']];
  const urls = engineKinds.map((kind) => [engineFacts[kind].urlVariable, endpoints[kind]]);
  const settings = {
    ...{ ODO_GRPC_HOST: grpc && hostOf(grpc), ODO_METRICS_HOST: scrapes && hostOf(scrapes) },
    ...{ ODO_NATS_CREDENTIALS_FILE: env['ODO_NATS_CREDENTIALS_FILE'], ...Object.fromEntries(urls) },
  };
  for (const line of exposuresOf(settings))
    yield warn('exposure', line, 'there are no identities yet: see SECURITY.md');
}

/** A service at an endpoint, however it was started. */
export async function* checkService(name: ServiceName, endpoint: string): AsyncGenerator<Check> {
  const health = await checkHealth(name, endpoint);
  yield health;
  if (name === 'history' && health.status === 'ok') yield* checkPartitions(endpoint);
}

async function checkHealth(name: ServiceName, endpoint: string): Promise<Check> {
  const channel = new Channel(endpoint);
  try {
    const { status } = await callUnary(
      channel,
      HealthService.check,
      { service: '' },
      { deadlineMs: ASK_WITHIN_MS },
    );
    if (status === ServingStatus.SERVING) return ok(name, `serves at ${endpoint}`);
    return fail(name, `answers at ${endpoint} but does not serve`, 'see its log file in the data directory');
  } catch (error) {
    if (!isFault(error)) throw error;
    return fail(name, error.message, 'see its log file in the data directory; start it with odograph up');
  } finally {
    channel.close();
  }
}

async function* checkPartitions(endpoint: string): AsyncGenerator<Check> {
  using client = createClient({ history: endpoint, maxAttempts: 1 });
  try {
    const partitions = await client.describeLog({ deadlineMs: ASK_WITHIN_MS });
    for (const partition of partitions) yield checkPartition(partition);
  } catch (error) {
    if (!isFault(error)) throw error;
    yield fail('partitions', error.message, 'see history.log');
  }
}

export function checkPartition({ watermark, checkpoint, state, reason, owner }: PartitionInfo): Check {
  const name = `partition ${watermark?.partition ?? 0}`;
  if (state === PartitionState.HALTED) {
    return fail(
      name,
      `is halted: ${reason || "see the owner's history.log"}`,
      'do what the reason says; if it names nothing to do, history repairs it: see "A partition is halted" in docs/operations.md',
    );
  }
  if (!owner) return fail(name, 'has no writer', 'start history, or wait until it has taken the lease');
  if (state !== PartitionState.RUNNING)
    return fail(name, `no broadcast from its owner ${owner}`, 'see history.log, and check that NATS runs');
  const lag = (watermark?.sequence ?? 0) - (checkpoint?.sequence ?? 0);
  const where = `at envelope ${watermark?.sequence ?? 0}, ${lag} of them not in the stored views yet`;
  if (lag <= LAG_WARNED_ABOVE) return ok(name, where);
  return warn(name, where, 'views are stored too slowly: check the disk and MongoDB');
}
