import { once } from 'node:events';
import { TelemetryIngestService } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { expect, test } from 'vitest';
import { loopback } from '../loopback.fixture.ts';
import { openRaw, soon, whole } from './raw-calls.fixture.ts';

const CONNECTIONS = 30;
const CALLS = 100;
const HEALTH = '/grpc.health.v1.Health/Check';

test.each([['127.0.0.1'], ['127.0.0.2']])(
  'one that asks from %s is answered before all calls are open that others of 127.0.0.1 open at once',
  async (localAddress) => {
    let begun = 0;
    const connect = async () => {
      begun += 1;
    };
    const { endpoint } = await loopback({ connect });
    const many = Array.from({ length: CONNECTIONS }, () => openRaw(endpoint));
    const one = openRaw(endpoint, { localAddress });
    await Promise.all([...many, one].map(({ session }) => once(session, 'remoteSettings')));
    for (const { call } of many)
      for (let left = CALLS; left > 0; left -= 1) call(TelemetryIngestService.connect.path);
    const { stream, status } = one.call(HEALTH);
    stream.end(whole(0));
    await once(stream, 'close');
    expect(status.code).toBe(0);
    expect(begun).toBeLessThan((CONNECTIONS * CALLS) / 2);
    await soon(() => expect(begun).toBe(CONNECTIONS * CALLS));
  },
);
