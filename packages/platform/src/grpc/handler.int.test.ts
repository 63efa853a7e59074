import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Channel, callBidi, callServerStream, callUnary } from '@odograph/client/call';
import {
  EventLogService,
  type ReadResponse,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import {
  type ConnectRequest,
  type ConnectResponse,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { pause } from '@odograph/kernel/clock';
import { Fault, type FaultCode } from '@odograph/kernel/fault';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { loopback } from '../loopback.fixture.ts';
import { beforeDeadline, type CallContext } from './handler.ts';

const REQUEST = { reports: [] };
const ANSWER = { results: [] };
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const never = () => Promise.withResolvers<never>().promise;
const batch = (number: number): ConnectRequest => ({ batch: { number, reports: [] } });
const ack = (through: number): ConnectResponse => ({
  message: { $case: 'ack', value: { through, batches: [] } },
});
const through = ({ message }: ConnectResponse) =>
  message?.$case === 'ack' ? message.value.through : undefined;
const aborted = async ({ signal }: CallContext) => {
  if (!signal.aborted) await once(signal, 'abort');
  return signal.reason as Fault;
};
/** The value at which a count stops changing for 300 ms. A pause that is too short can only hide a failure, not cause one. */
async function restOf(count: () => number): Promise<number> {
  for (let before = 0; count() === 0 || count() !== before; ) {
    before = count();
    await delay(300);
  }
  return count();
}

/** A proxy to a port. Its connections can be cut as if the client had died. */
async function cutWire(port: number) {
  const sockets: Socket[] = [];
  const proxy = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    sockets.push(socket, onward);
    socket.pipe(onward).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const endpoint = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return { endpoint, cut: () => sockets.forEach((socket) => void socket.destroy()) };
}
const soon = (expectation: () => void) => vi.waitFor(expectation, { timeout: 5_000, interval: 5 });

describe('a unary handler', () => {
  test('gets the request and answers', async () => {
    const { channel } = await loopback({
      report: async ({ reports }) => ({ results: [], count: reports.length }),
    });
    expect(await callUnary(channel, TelemetryIngestService.report, REQUEST)).toEqual(ANSWER);
  });

  test('gets the address, trace and deadline of its caller', async () => {
    const contexts: CallContext[] = [];
    const { channel } = await loopback({
      report: async (_, context) => {
        contexts.push(context);
        return ANSWER;
      },
    });
    const before = Date.now();
    await callUnary(channel, TelemetryIngestService.report, REQUEST, {
      traceparent: TRACEPARENT,
      deadlineMs: 5_000,
    });
    await callUnary(channel, TelemetryIngestService.report, REQUEST, { traceparent: 'what is this' });
    expect(contexts).toMatchObject([
      { client: '127.0.0.1', traceparent: TRACEPARENT },
      { client: '127.0.0.1', traceparent: '' },
    ]);
    expect(contexts[0]?.deadlineAtMs).toBeGreaterThan(before);
    expect(contexts[0]?.deadlineAtMs).toBeLessThanOrEqual(Date.now() + 5_000);
  });

  test('that waits before its deadline can still answer', async () => {
    const report = async (_: unknown, call: CallContext) => {
      await pause(60_000, beforeDeadline(call));
      throw new Fault('DEADLINE', 'still waiting for the thing');
    };
    const { channel } = await loopback({ report });
    const call = callUnary(channel, TelemetryIngestService.report, REQUEST, { deadlineMs: 1_501 });
    await expect(call).rejects.toMatchObject({ code: 'DEADLINE', message: 'still waiting for the thing' });
  });

  test.each([-5, 0, 1, 31, 399, 400, 1_001, 2 ** 31, Number.POSITIVE_INFINITY])(
    'may wait for a call that ends in %d ms, and learns when the call ends before',
    (leftMs) => {
      const call = new AbortController();
      const waiting = beforeDeadline({ signal: call.signal, deadlineAtMs: Date.now() + leftMs });
      expect(waiting.aborted).toBe(false);
      call.abort();
      expect(waiting.aborted).toBe(true);
    },
  );

  test('has at most five minutes, however long its caller would wait', async () => {
    let leftMs = 0;
    const report = async (_: unknown, { deadlineAtMs }: CallContext) => {
      leftMs = deadlineAtMs - Date.now();
      return ANSWER;
    };
    const { channel } = await loopback({ report });
    await callUnary(channel, TelemetryIngestService.report, REQUEST, { deadlineMs: 86_400_000 });
    expect(leftMs).toBeGreaterThan(290_000);
    expect(leftMs).toBeLessThanOrEqual(300_000);
  });

  test.each<FaultCode>(['INVALID_INPUT', 'NOT_FOUND', 'OVERLOADED', 'UNAVAILABLE', 'CORRUPT_LOG'])(
    'that throws %s is answered with all details',
    async (code) => {
      const findings = [{ field: 'reports', reason: 'EMPTY', description: 'send at least one report' }];
      const fault = new Fault(code, 'häh?', { findings, retryAfterMs: 20, limit: '1 MB' });
      const { channel, errors } = await loopback({ report: () => Promise.reject(fault) });
      const { message, retryAfterMs, limit } = fault;
      await expect(callUnary(channel, TelemetryIngestService.report, REQUEST)).rejects.toMatchObject({
        name: 'Fault',
        ...{ code, message, findings, retryAfterMs, limit },
      });
      expect(errors).toEqual([]);
    },
  );

  test('that throws an error which the server can convert is answered with the Fault', async () => {
    const isFull = (error: unknown) => error instanceof RangeError;
    const toFault = (error: unknown) => (isFull(error) ? new Fault('OVERLOADED', 'full') : error);
    const { channel, errors } = await loopback(
      { report: () => Promise.reject(new RangeError()) },
      { toFault },
    );
    await expect(callUnary(channel, TelemetryIngestService.report, REQUEST)).rejects.toMatchObject({
      code: 'OVERLOADED',
    });
    expect(errors).toEqual([]);
  });

  test.each([
    [
      'throws at once',
      () => {
        throw new TypeError('secret');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('secret'))],
    ['rejects with nothing', () => Promise.reject()],
    ['answers what cannot be encoded', async () => ({ results: 3 as never })],
  ])('that %s is answered as INTERNAL, and its error logged', async (_, report) => {
    const { channel, errors } = await loopback({ report });
    const call = callUnary(channel, TelemetryIngestService.report, REQUEST);
    await expect(call).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.not.stringContaining('secret'),
    });
    expect(errors).toHaveLength(1);
  });

  test('that hangs is answered at the default deadline if its caller sets none', async () => {
    const reasons: Promise<Fault>[] = [];
    const report = (_: unknown, context: CallContext) => {
      reasons.push(aborted(context));
      return never();
    };
    const { channel } = await loopback({ report }, { defaultDeadlineMs: 30 });
    const call = callUnary(channel, TelemetryIngestService.report, REQUEST, {
      deadlineMs: Number.POSITIVE_INFINITY,
    });
    await expect(call).rejects.toMatchObject({
      code: 'DEADLINE',
      message: expect.stringContaining('Report'),
    });
    expect(await reasons[0]).toMatchObject({ code: 'DEADLINE' });
  });

  test('is aborted when the deadline of its caller passes', async () => {
    const reasons: Promise<Fault>[] = [];
    const report = (_: unknown, context: CallContext) => {
      reasons.push(aborted(context));
      return never();
    };
    const { channel } = await loopback({ report });
    await expect(
      callUnary(channel, TelemetryIngestService.report, REQUEST, { deadlineMs: 60 }),
    ).rejects.toMatchObject({
      code: 'DEADLINE',
    });
    expect((await reasons[0])?.code).toMatch(/DEADLINE|CANCELLED/);
  });

  test('is aborted when its client goes away', async () => {
    const reasons: Promise<Fault>[] = [];
    const report = (_: unknown, context: CallContext) => {
      reasons.push(aborted(context));
      return never();
    };
    const { channel } = await loopback({ report });
    const cancel = new AbortController();
    const call = callUnary(channel, TelemetryIngestService.report, REQUEST, { signal: cancel.signal });
    const failure = expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    await soon(() => expect(reasons).toHaveLength(1));
    cancel.abort();
    await failure;
    expect(await reasons[0]).toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a streaming handler', () => {
  const page = (events = 0): ReadResponse => ({
    events: Array.from({ length: events }, () => ({ position: undefined, event: undefined })),
  });

  test('answers with what it yields, in order', async () => {
    const { channel } = await loopback({
      read: async function* () {
        yield page(1);
        yield page(2);
      },
    });
    const seen: number[] = [];
    for await (const { events } of callServerStream(channel, EventLogService.read, readRequest()))
      seen.push(events.length);
    expect(seen).toEqual([1, 2]);
  });

  test('that fails midway is answered after what it yielded', async () => {
    const { channel } = await loopback({
      read: async function* () {
        yield page(1);
        throw new Fault('CORRUPT_LOG', 'a hole', { limit: 'none' });
      },
    });
    const seen: number[] = [];
    const reading = async () => {
      for await (const { events } of callServerStream(channel, EventLogService.read, readRequest()))
        seen.push(events.length);
    };
    await expect(reading()).rejects.toMatchObject({ code: 'CORRUPT_LOG', message: 'a hole', limit: 'none' });
    expect(seen).toEqual([1]);
  });

  test('that throws before its first answer is answered', async () => {
    const read = () => {
      throw new Fault('NOT_FOUND', 'no such partition');
    };
    const { channel } = await loopback({ read });
    await expect(callServerStream(channel, EventLogService.read, readRequest()).next()).rejects.toMatchObject(
      {
        code: 'NOT_FOUND',
      },
    );
  });

  test('produces only as much as a slow reader takes', async () => {
    let produced = 0;
    const { channel } = await loopback({
      read: async function* () {
        for (; produced < 10_000; produced += 1) yield page(10_000);
      },
    });
    const pages = callServerStream(channel, EventLogService.read, readRequest());
    await pages.next();
    expect(await restOf(() => produced)).toBeLessThan(100);
    await pages.next();
    await pages.return(undefined);
  });

  test('is closed when its reader leaves', async () => {
    const closed = vi.fn();
    const { channel } = await loopback({
      read: async function* (_, { signal }) {
        try {
          while (!signal.aborted) yield page(1_000);
        } finally {
          closed(signal.reason.code);
        }
      },
    });
    for await (const _ of callServerStream(channel, EventLogService.read, readRequest())) break;
    await soon(() => expect(closed).toHaveBeenCalledWith('CANCELLED'));
  });

  test('that hangs ends at the default deadline, unless it stays', async () => {
    const deadlines: number[] = [];
    const hang = async function* (_: unknown, { deadlineAtMs }: CallContext) {
      deadlines.push(deadlineAtMs);
      await never();
      yield page();
    };
    const subscribe = async function* (_: unknown, { deadlineAtMs }: CallContext) {
      deadlines.push(deadlineAtMs);
      yield { events: [], position: undefined };
    };
    const { channel } = await loopback({ read: hang, subscribe }, { defaultDeadlineMs: 30 });
    await expect(callServerStream(channel, EventLogService.read, readRequest()).next()).rejects.toMatchObject(
      {
        code: 'DEADLINE',
      },
    );
    for await (const _ of callServerStream(channel, EventLogService.subscribe, { after: [], partitions: [] }))
      break;
    expect(deadlines).toEqual([expect.any(Number), Number.POSITIVE_INFINITY]);
  });

  const readRequest = () => ({ after: [], partitions: [], types: [], subject: '', limit: 0, atLeast: [] });
});

describe('a connection', () => {
  test('answers while requests come, and ends when the client is done', async () => {
    const { channel } = await loopback({
      connect: async (requests, send) => {
        for await (const { batch } of requests) await send(ack(batch?.number ?? 0));
      },
    });
    const call = callBidi(channel, TelemetryIngestService.connect);
    for (const number of [1, 2, 3]) await call.send(batch(number));
    call.end();
    const seen: unknown[] = [];
    for await (const response of call.responses) seen.push(through(response));
    expect(seen).toEqual([1, 2, 3]);
  });

  test('reads only one message more than its handler takes', async () => {
    let read = 0;
    const { promise: paused, resolve: goOn } = Promise.withResolvers<void>();
    const { channel } = await loopback({
      connect: async (requests, send) => {
        for await (const { batch } of requests) {
          read = batch?.number ?? 0;
          if (read === 1) await paused;
        }
        await send(ack(read));
      },
    });
    const call = callBidi(channel, TelemetryIngestService.connect);
    const reports = Array.from({ length: 2_000 }, (_, index) => ({
      vehicleId: 'v'.repeat(64),
      reportId: `r-${index}`.padEnd(120, '.'),
      samples: [],
    }));
    let sent = 0;
    const sending = (async () => {
      for (; sent < 100; sent += 1) await call.send({ batch: { number: sent + 1, reports } });
      call.end();
    })();
    // 16 wait in the client's own buffer, one was read, one waits, and one more is on its way.
    expect(await restOf(() => sent)).toBeLessThanOrEqual(20);
    goOn();
    await sending;
    for await (const response of call.responses) expect(through(response)).toBe(100);
  });

  test('whose handler fails is answered with the Fault', async () => {
    const { channel } = await loopback({
      connect: async (requests) => {
        for await (const _ of requests)
          throw new Fault('TOO_LARGE', 'too many streams', { limit: '100 streams' });
      },
    });
    const call = callBidi(channel, TelemetryIngestService.connect);
    await call.send(batch(1));
    const reading = async () => {
      for await (const _ of call.responses);
    };
    await expect(reading()).rejects.toMatchObject({ code: 'TOO_LARGE', limit: '100 streams' });
    await expect(call.send(batch(2))).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  test('whose client cancels aborts its handler, which can then no longer send', async () => {
    const seen: unknown[] = [];
    const { channel } = await loopback({
      connect: async (_, send, context) => {
        seen.push('open');
        seen.push((await aborted(context)).code);
        await send(ack(1)).catch((error) => seen.push(error.code));
      },
    });
    const call = callBidi(channel, TelemetryIngestService.connect);
    await soon(() => expect(seen).toEqual(['open']));
    call.cancel();
    await soon(() => expect(seen).toEqual(['open', 'CANCELLED', 'CANCELLED']));
    await expect(call.responses[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('that breaks throws in its handler instead of ending the requests', async () => {
    const seen: unknown[] = [];
    const { server } = await loopback({
      connect: async (requests) => {
        const reading = async () => {
          for await (const { batch } of requests) seen.push(batch?.number);
          seen.push('end');
        };
        await reading().catch((error) => seen.push(error.code));
      },
    });
    const wire = await cutWire(server.port);
    const channel = new Channel(wire.endpoint);
    onTestFinished(() => channel.close());
    const call = callBidi(channel, TelemetryIngestService.connect);
    await call.send(batch(1));
    await soon(() => expect(seen).toEqual([1]));
    wire.cut();
    await soon(() => expect(seen).toEqual([1, 'CANCELLED']));
    await expect(call.responses[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(wire.endpoint),
    });
  });

  test('whose client stops reading holds its handler back', async () => {
    let acked = 0;
    const { channel } = await loopback({
      connect: async (_, send) => {
        for (; acked < 10_000; acked += 1) {
          const batches = Array.from({ length: 10_000 }, (_, number) => ({
            number,
            results: [],
            refused: undefined,
          }));
          await send({ message: { $case: 'ack', value: { through: acked, batches } } });
        }
      },
    });
    const call = callBidi(channel, TelemetryIngestService.connect);
    // Before its first read, grpc-js's client takes whatever comes.
    await call.responses[Symbol.asyncIterator]().next();
    expect(await restOf(() => acked)).toBeLessThan(100);
    call.cancel();
  });
});
