import { once } from 'node:events';
import { TelemetryIngestService } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { expect, test } from 'vitest';
import { type Handlers, loopback } from '../loopback.fixture.ts';
import {
  begun,
  compressed,
  hang,
  heldBytes,
  NO_WINDOW,
  openRaw,
  type RawCall,
  sendAndRead,
  settledBytes,
  soon,
} from './raw-calls.fixture.ts';

/** Time for the tests before answered calls are cut off. */
const LATE = { sweepMs: 4_000 };

/** Waits until the calls hold less than this, and requires that none of them is cut off by then. */
async function expectReleased(calls: readonly RawCall[], before: number, lessThan: number): Promise<void> {
  await soon(() => {
    expect(calls.some(({ stream }) => stream.closed)).toBe(false);
    expect(heldBytes() - before).toBeLessThan(lessThan);
  });
}

test('a refused call does not keep its unfinished message until it is cut off', async () => {
  const { endpoint } = await loopback({}, { limits: { ...LATE, finishMs: 100 } });
  const { call } = openRaw(endpoint);
  const before = await settledBytes();
  const calls = Array.from({ length: 80 }, () => call());
  for (const { stream } of calls) stream.write(begun(100_000, 90_000));
  await soon(() => expect(calls.filter(({ status }) => status.code === 4).length).toBe(80));
  await expectReleased(calls, before, 3_000_000);
});

test('a call that is answered does not keep what its client goes on to send while it takes nothing', async () => {
  let ended = 0;
  const connect: Handlers['connect'] = async (requests, send, call) => {
    call.signal.addEventListener('abort', () => {
      ended += 1;
    });
    await sendAndRead(requests, send, call);
  };
  const { endpoint } = await loopback({ connect }, { limits: LATE });
  const { call } = openRaw(endpoint, NO_WINDOW);
  const before = await settledBytes();
  const calls = Array.from({ length: 80 }, () =>
    call(TelemetryIngestService.connect.path, { 'grpc-timeout': '100m' }),
  );
  // Then the status waits behind the message.
  await soon(() => expect(ended).toBe(80));
  const sent = calls.map(({ stream }) => once(stream, 'drain'));
  for (const { stream } of calls) stream.write(begun(100_000, 90_000));
  await Promise.all(sent);
  await expectReleased(calls, before, 3_000_000);
});

test('a refused call does not keep the messages that its handler did not take', async () => {
  const connect: Handlers['connect'] = async (requests) => {
    for await (const _ of requests) await hang();
  };
  const { endpoint } = await loopback({ connect }, { limits: { ...LATE, maxUnfinishedBytes: 20_000_000 } });
  const { call } = openRaw(endpoint);
  const before = await settledBytes();
  const refused = call(TelemetryIngestService.connect.path, { 'grpc-encoding': 'gzip' });
  // All arrive in one piece of the stream, so that grpc-js expands them all.
  refused.stream.write(Buffer.concat(Array.from({ length: 12 }, () => compressed(1_000_000))));
  await soon(() => expect(refused.status.code).toBe(8));
  // The handler has one, and one waits for it.
  await expectReleased([refused], before, 5_000_000);
});
