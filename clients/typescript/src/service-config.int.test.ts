import { readFileSync } from 'node:fs';
import { type Client, credentials, type ServiceError, type sendUnaryData, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, test } from 'vitest';
import { AlertRulesService } from './generated/odograph/alerting/v1/alert_rules.ts';
import { AlertsService } from './generated/odograph/alerting/v1/alerts.ts';
import { DeadLettersService } from './generated/odograph/alerting/v1/dead_letters.ts';
import { SilencesService } from './generated/odograph/alerting/v1/silences.ts';
import { CacheService } from './generated/odograph/cache/v1/cache.ts';
import { CachedHistoryService } from './generated/odograph/cache/v1/cached_history.ts';
import { VehicleStatusService } from './generated/odograph/cache/v1/vehicle_status.ts';
import { EventLogService } from './generated/odograph/history/v1/event_log.ts';
import { ProjectionsService } from './generated/odograph/history/v1/projections.ts';
import {
  VehicleHistoryClient,
  VehicleHistoryService,
} from './generated/odograph/history/v1/vehicle_history.ts';
import { VehicleRegistryService } from './generated/odograph/history/v1/vehicle_registry.ts';
import { TelemetryIngestService } from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import {
  overloaded,
  type Refusal,
  serviceError,
  startServer,
  type TestServer,
  unavailable,
} from './server.fixture.ts';

const CONFIG = readFileSync(new URL('../../../proto/odograph/service-config.json', import.meta.url), 'utf8');

interface MethodConfig {
  readonly name: readonly { readonly service: string; readonly method?: string }[];
  readonly timeout: string;
  readonly retryPolicy?: object;
}

const { methodConfig } = JSON.parse(CONFIG) as { methodConfig: readonly MethodConfig[] };
const SERVICES = [
  TelemetryIngestService,
  VehicleHistoryService,
  VehicleRegistryService,
  EventLogService,
  ProjectionsService,
  VehicleStatusService,
  CachedHistoryService,
  CacheService,
  AlertsService,
  AlertRulesService,
  SilencesService,
  DeadLettersService,
];

let server: TestServer | undefined;
let client: Client | undefined;

afterEach(() => {
  client?.close();
  server?.kill();
});

/** Asks with a client that knows nothing but the contracts and the service config. */
async function ask(
  refusals: readonly Refusal[],
): Promise<{ outcome: string; attempts: number; tookMs: number }> {
  let attempts = 0;
  const getStatus = (_: unknown, callback: sendUnaryData<unknown>) => {
    const refusal = refusals[attempts];
    attempts += 1;
    if (refusal) callback(serviceError(refusal));
    else callback(null, { position: { partition: 0, sequence: 1 }, projectionVersion: 3 });
  };
  const unused = () => expect.unreachable();
  server = await startServer([
    [VehicleHistoryService, { getStatus, listStatus: unused, listSamples: unused }],
  ]);
  const options = { 'grpc.service_config': CONFIG };
  const stranger = new VehicleHistoryClient(server.endpoint, credentials.createInsecure(), options);
  client = stranger;
  const startedMs = performance.now();
  const outcome = await new Promise<string>((resolve) => {
    stranger.getStatus(
      { vehicleId: 'v', atLeast: undefined, withState: false },
      (error: ServiceError | null) => resolve(error ? (status[error.code] ?? '') : 'answered'),
    );
  });
  return { outcome, attempts, tookMs: performance.now() - startedMs };
}

describe('a client of another maker, with the service config', () => {
  it.each([
    ['away', unavailable('away', 60)],
    ['full', overloaded('full', 60)],
  ])('asks again after the delay of a server that is %s', async (_, refusal) => {
    const { outcome, attempts, tookMs } = await ask([refusal, refusal]);
    expect({ outcome, attempts }).toEqual({ outcome: 'answered', attempts: 3 });
    expect(tookMs).toBeGreaterThanOrEqual(115);
  });

  it('does not send again what is too large', async () => {
    const tooLarge = { code: status.RESOURCE_EXHAUSTED, message: 'too large' };
    expect(await ask([tooLarge])).toMatchObject({ outcome: 'RESOURCE_EXHAUSTED', attempts: 1 });
  });

  it('does not ask again for what does not exist', async () => {
    const missing = { code: status.NOT_FOUND, message: 'no such vehicle' };
    expect(await ask([missing])).toMatchObject({ outcome: 'NOT_FOUND', attempts: 1 });
  });
});

test('the service config has every call with one answer, and retries each that may be repeated', () => {
  const configOf = (path: string) => {
    const [, service, method] = path.split('/');
    const has = (each: MethodConfig, exact: boolean) =>
      each.name.some((name) => name.service === service && name.method === (exact ? method : undefined));
    return methodConfig.find((each) => has(each, true)) ?? methodConfig.find((each) => has(each, false));
  };
  const methods = SERVICES.flatMap((service) => Object.values(service));
  const unary = methods.filter(({ requestStream, responseStream }) => !requestStream && !responseStream);
  const streams = methods.filter((method) => !unary.includes(method));
  expect(streams.map(({ path }) => configOf(path))).toEqual(streams.map(() => undefined));
  const notRetried = unary.filter(({ path }) => !configOf(path)?.retryPolicy).map(({ path }) => path);
  expect(notRetried).toEqual([
    EventLogService.setAsideMessage.path,
    ProjectionsService.retryParked.path,
    ProjectionsService.dropParked.path,
  ]);
  expect(unary.map(({ path }) => configOf(path)?.timeout)).toEqual(unary.map(() => '30s'));
});
