import { callServerStream, callUnary } from '@odograph/client/call';
import {
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@odograph/contracts/generated/grpc/health/v1/health';
import { expect, test, vi } from 'vitest';
import { loopback } from '../loopback.fixture.ts';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;
const SERVICES = ['', 'odograph.telemetry.v1.TelemetryIngest', 'odograph.history.v1.EventLog'];

test('a server answers health checks for itself and for each service', async () => {
  const { server, channel } = await loopback({});
  const check = (service: string) => callUnary(channel, HealthService.check, { service });
  for (const service of SERVICES) expect(await check(service)).toEqual({ status: NOT_SERVING });
  server.setServing(true);
  for (const service of SERVICES) expect(await check(service)).toEqual({ status: SERVING });
  const { statuses } = await callUnary(channel, HealthService.list, {});
  expect(Object.keys(statuses)).toEqual(SERVICES);
  await expect(check('unknown')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('odograph.history.v1.EventLog'),
  });
});

test('services that are not ready do not serve, while the server is alive', async () => {
  const { server, channel } = await loopback({});
  const statuses = async () => {
    const each = SERVICES.map((service) => callUnary(channel, HealthService.check, { service }));
    return (await Promise.all(each)).map(({ status }) => status);
  };
  server.setReady(false);
  server.setServing(true);
  expect(await statuses()).toEqual([SERVING, NOT_SERVING, NOT_SERVING]);
  server.setReady(true);
  expect(await statuses()).toEqual([SERVING, SERVING, SERVING]);
});

test('a server that stops tells the watches of its health, and does not wait for them', async () => {
  const { server, channel } = await loopback({});
  server.setServing(true);
  const seen: number[] = [];
  const watching = (async () => {
    for await (const { status } of callServerStream(channel, HealthService.watch, { service: '' }))
      seen.push(status);
  })();
  const ended = expect(watching).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await vi.waitFor(() => expect(seen).toEqual([SERVING]));
  await server.stop(60_000);
  await ended;
  expect(seen).toEqual([SERVING, NOT_SERVING]);
});

test('a watch of an unknown service stays open', async () => {
  const { server, channel } = await loopback({});
  const watch = callServerStream(channel, HealthService.watch, { service: 'unknown' });
  expect((await watch.next()).value).toEqual({ status: SERVICE_UNKNOWN });
  server.setServing(true);
  const ended = expect(watch.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await server.stop(60_000);
  await ended;
});
