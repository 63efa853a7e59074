import { once } from 'node:events';
import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Channel, callUnary } from './call.ts';
import { TelemetryIngestService } from './generated/odograph/telemetry/v1/telemetry_ingest.ts';

/** A server that ends its connections when they have a call. */
async function openEnding(errorCode: number): Promise<string> {
  const server = createServer();
  server.on('stream', ({ session }) => {
    session?.goaway(errorCode);
    session?.destroy();
  });
  server.on('session', (session) => session.on('error', () => undefined));
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ['a server that is stopped', constants.NGHTTP2_NO_ERROR],
  [
    'a client that asks for too much, perhaps another one of the same address',
    constants.NGHTTP2_ENHANCE_YOUR_CALM,
  ],
])('a call whose connection is ended, as for %s, can be made again', async (_, errorCode) => {
  const channel = new Channel(await openEnding(errorCode));
  onTestFinished(() => channel.close());
  const call = callUnary(channel, TelemetryIngestService.describe, {});
  await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
