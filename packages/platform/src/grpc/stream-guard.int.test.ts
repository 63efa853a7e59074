import { once } from 'node:events';
import { constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { Metadata } from '@grpc/grpc-js';
import { callBidi, callUnary } from '@odograph/client/call';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import {
  ReportRequest,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { pause } from '@odograph/kernel/clock';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Handlers, loopback } from '../loopback.fixture.ts';
import { readerOf } from './grpc-internals.ts';
import {
  begun,
  compressed,
  hang,
  NO_WINDOW,
  openRaw,
  sendAndRead,
  soon,
  whole,
} from './raw-calls.fixture.ts';

const ANSWER = { results: [] };
const EMPTY = whole(0);
const OTHER_CLIENT = '127.0.0.2';
const KIBIBYTE = 1024;
const LIMITS = { maxUnfinishedBytes: 200 * KIBIBYTE };
const { path } = TelemetryIngestService.report;
const answers = { report: async () => ANSWER };

test('unfinished requests are refused, the oldest first, when they hold too much; a short one gets through', async () => {
  const { endpoint, channel } = await loopback(answers, { limits: LIMITS });
  const { call } = openRaw(endpoint);
  const calls = Array.from({ length: 40 }, () => call());
  for (const { stream } of calls) stream.write(begun(100_000, 10 * KIBIBYTE));
  await soon(() => expect(calls.filter(({ status }) => status.code === 8).length).toBeGreaterThan(25));
  expect(calls[0]?.status).toEqual({ code: 8, message: expect.stringMatching(/unfinished requests/) });
  expect(calls.at(-1)?.status.code).toBeUndefined();
  expect(await callUnary(channel, TelemetryIngestService.report, { reports: [] })).toEqual(ANSWER);
});

const refusals = (calls: readonly { readonly status: { readonly code?: number } }[]) =>
  calls.filter(({ status }) => status.code === 8).length;

test.each([
  ['as they are', whole, {}],
  ['compressed', compressed, { 'grpc-encoding': 'gzip' }],
])(
  'complete requests that wait for their turn or are at work hold memory, sent %s',
  async (_, send, headers) => {
    const { endpoint } = await loopback({ report: hang }, { limits: { ...LIMITS, maxCalls: 2 } });
    const { call } = openRaw(endpoint);
    const calls = Array.from({ length: 20 }, () => call(path, headers));
    for (const { stream } of calls) stream.end(send(20 * KIBIBYTE));
    await soon(() => expect(refusals(calls)).toBeGreaterThan(15));
  },
);

test('messages of a stream that its handler does not take hold memory, also if a few bytes bring many of them', async () => {
  const connect: Handlers['connect'] = async (requests) => {
    for await (const _ of requests) await hang();
  };
  const { endpoint } = await loopback({ connect }, { limits: LIMITS });
  const { call } = openRaw(endpoint);
  const { stream, status } = call(TelemetryIngestService.connect.path, { 'grpc-encoding': 'gzip' });
  stream.write(Buffer.concat(Array.from({ length: 10 }, () => compressed(20 * KIBIBYTE))));
  await soon(() => expect(status.code).toBe(8));
});

test('bytes of streams that their handlers do not take hold memory, as far as they have arrived', async () => {
  let taken = 0;
  const connect: Handlers['connect'] = async (requests) => {
    for await (const _ of requests) {
      taken += 1;
      await hang();
    }
  };
  const { endpoint } = await loopback({ connect }, { limits: LIMITS });
  const { call } = openRaw(endpoint);
  const streams = Array.from({ length: 5 }, () => call(TelemetryIngestService.connect.path));
  // One that the handler has, and some that wait for it: then grpc-js takes no more from the stream.
  for (const { stream } of streams)
    for (let message = 0; message < 3; message += 1) stream.write(begun(100, 100));
  await soon(() => expect(taken).toBe(5));
  for (const { stream } of streams) stream.write(begun(60_000, 60_000));
  await soon(() => expect(refusals(streams)).toBeGreaterThan(1));
});

test('messages of a stream hold nothing once its handler has them', async () => {
  let taken = 0;
  const connect: Handlers['connect'] = async (requests) => {
    for await (const _ of requests) taken += 1;
  };
  const { channel } = await loopback({ connect }, { limits: LIMITS });
  const call = callBidi(channel, TelemetryIngestService.connect);
  const report = { vehicleId: 'v'.repeat(50 * KIBIBYTE), reportId: '', samples: [], vin: undefined };
  for (let number = 1; number <= 20; number += 1) await call.send({ batch: { number, reports: [report] } });
  await soon(() => expect(taken).toBe(20));
});

test('open calls hold memory, also those that stay and have nothing to say', async () => {
  const { endpoint } = await loopback({}, { limits: LIMITS });
  const { call } = openRaw(endpoint);
  const watch = () => {
    const watching = call('/grpc.health.v1.Health/Watch');
    watching.stream.end(begun(0, 0));
    return watching;
  };
  const watches = Array.from({ length: 20 }, watch);
  await soon(() => expect(refusals(watches)).toBe(14));
  for (const { stream } of watches) stream.close();
  await soon(() => expect(watch().status.code).toBeUndefined());
});

test('headers of open calls hold memory', async () => {
  const { endpoint } = await loopback({}, { limits: LIMITS });
  const { call } = openRaw(endpoint);
  const watches = Array.from({ length: 20 }, () => {
    const watching = call('/grpc.health.v1.Health/Watch', { ':authority': 'h'.repeat(14 * KIBIBYTE) });
    watching.stream.end(begun(0, 0));
    return watching;
  });
  await soon(() => expect(refusals(watches)).toBe(17));
});

test.each([
  ['one is too long', { 'x-long': 'a'.repeat(17 * KIBIBYTE) }],
  [
    'there are too many',
    Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, 'a'.repeat(150)])),
  ],
])('a call is refused in words before grpc-js reads its headers if %s', async (_, headers) => {
  const { endpoint, channel } = await loopback(answers);
  const { call } = openRaw(endpoint);
  const { stream, status } = call(path, headers);
  await once(stream, 'close');
  expect(status).toEqual({ code: 8, message: expect.stringMatching(/^more than 16384 bytes of headers/) });
  expect(await callUnary(channel, TelemetryIngestService.report, { reports: [] })).toEqual(ANSWER);
});

test('headers that no method reads are neither copied nor split by grpc-js', async () => {
  const { endpoint } = await loopback(answers);
  const add = vi.spyOn(Metadata.prototype, 'add');
  onTestFinished(() => add.mockRestore());
  const { call } = openRaw(endpoint);
  const { stream, status } = call(path, { 'x-bin': ','.repeat(10_000), traceparent: '00' });
  stream.end(begun(0, 0));
  await soon(() => expect(status.code).toBe(0));
  const names = new Set(add.mock.calls.map(([name]) => name));
  expect(names).toContain('traceparent');
  expect(names).not.toContain('x-bin');
});

test.each(['x-evil', 'traceparent'])('a header %s that grpc-js cannot read is not printed', async (name) => {
  const print = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => print.mockRestore());
  const { endpoint } = await loopback(answers);
  const { call } = openRaw(endpoint);
  const { stream, status } = call(path, { [name]: '\u009b31m\u00ff' });
  stream.end(begun(0, 0));
  await soon(() => expect(status.code).toBe(0));
  expect(print).not.toHaveBeenCalled();
});

test.each([
  ['a connection', {}],
  ['also after its call was refused, a connection', { maxMessageBytes: 1_000 }],
])('%s that sends a message in very small pieces is ended', async (_, options) => {
  const { endpoint } = await loopback(answers, options);
  const { call, closed } = openRaw(endpoint);
  const { stream } = call();
  stream.write(begun(100_000, 0));
  const timer = setInterval(() => stream.write(Buffer.alloc(1)), 0);
  onTestFinished(() => clearInterval(timer));
  await closed;
});

test('a client that goes on to send after it was refused is cut off', async () => {
  const { endpoint } = await loopback(answers, { limits: LIMITS, maxMessageBytes: 1_000 });
  const { call } = openRaw(endpoint);
  const { stream, status } = call();
  const closed = once(stream, 'close');
  stream.write(begun(100_000, 10));
  await soon(() => expect(status.code).toBe(8));
  await closed;
  expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
});

test('a client that sends nothing more gets the status of its call, also if the connection was full when the call ended', async () => {
  const event = Event.create({ type: 'T', payload: Buffer.alloc(100 * KIBIBYTE) });
  const answered = Promise.withResolvers<void>();
  let produced = 0;
  const handlers: Handlers = {
    connect: async (_, send) => {
      await send({ message: undefined });
      await answered.promise;
    },
    subscribe: async function* () {
      for (;;) {
        produced += 1;
        yield { events: [{ position: undefined, event }], position: undefined };
      }
    },
  };
  const { endpoint } = await loopback(handlers, { limits: { sweepMs: 10 } });
  const window = 2 ** 30;
  const { call, session, socket } = openRaw(endpoint, { settings: { initialWindowSize: window } });
  const { stream, status } = call(TelemetryIngestService.connect.path);
  await once(stream, 'data');
  session.setLocalWindowSize(window);
  readerOf(socket).readStop();
  call('/odograph.history.v1.EventLog/Subscribe').stream.end(begun(0, 0));
  await untilStill(() => produced);
  answered.resolve();
  await pause(100);
  readerOf(socket).readStart();
  await once(stream, 'close');
  expect(status.code).toBe(0);
});

test('a refused client that takes nothing is cut off soon', async () => {
  const { endpoint } = await loopback(
    { connect: sendAndRead },
    { limits: { ...LIMITS, maxUnfinishedBytes: 20 * KIBIBYTE } },
  );
  const { call } = openRaw(endpoint, NO_WINDOW);
  const { stream } = call(TelemetryIngestService.connect.path);
  await once(stream, 'response');
  stream.write(begun(100_000, 10 * KIBIBYTE));
  await soon(() => expect(stream.closed).toBe(true));
  expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
});

/** Resolves when a number is the same for a while. */
async function untilStill(read: () => number): Promise<void> {
  for (let last = Number.NaN; last !== read(); await pause(200)) last = read();
}

/** Sends complete requests on two connections of another client, and resets each at once, until the server ends the second. */
async function resetMany(endpoint: string): Promise<void> {
  const request = Buffer.from(ReportRequest.encode({ reports: [] }).finish());
  const message = Buffer.concat([begun(request.length, 0), request]);
  const connections = [1, 2].map(() => openRaw(endpoint, { localAddress: OTHER_CLIENT }));
  for (const { call, session } of connections) {
    // Below 1,000, at which Node ends a connection by itself.
    for (let batch = 0; batch < 9 && !session.destroyed; batch += 1) {
      const streams = Array.from({ length: 100 }, () => call().stream);
      for (const stream of streams) {
        stream.end(message);
        stream.close(constants.NGHTTP2_CANCEL);
      }
      await Promise.all(streams.map((stream) => stream.closed || once(stream, 'close')));
    }
  }
  await connections[1]?.closed;
}

test('requests that are reset at once do not begin, and when they are many the connections end on which they are', async () => {
  let begunCalls = 0;
  const report = async () => {
    begunCalls += 1;
    return ANSWER;
  };
  const { endpoint, server, channel } = await loopback({ report });
  const idle = openRaw(endpoint, { localAddress: OTHER_CLIENT });
  const ended = vi.fn();
  idle.session.once('close', ended);
  await resetMany(endpoint);
  const { stream, status } = idle.call();
  stream.end(EMPTY);
  await soon(() => expect(status.code).toBeDefined());
  expect(ended).not.toHaveBeenCalled();
  expect(await callUnary(channel, TelemetryIngestService.report, { reports: [] })).toEqual(ANSWER);
  await soon(() => expect(server.openCalls).toBe(0));
  expect(begunCalls).toBeLessThan(100);
});

test('a server that is slow notices that requests are reset at once', async () => {
  const { endpoint } = await loopback(answers);
  let nowMs = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => {
    nowMs += 30;
    return nowMs;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  await resetMany(endpoint);
});

test('a request that is not complete in time is refused, also one that never began', async () => {
  const { endpoint } = await loopback(answers, { limits: { finishMs: 100 } });
  const { call } = openRaw(endpoint);
  const [slow, silent] = [call(), call()];
  slow.stream.write(begun(1_000, 10));
  const refused = { code: 4, message: 'the request was not complete after 0.1 s' };
  await soon(() => expect([slow.status, silent.status]).toEqual([refused, refused]));
});

test('a connection may be silent between its messages, but not within one', async () => {
  const connect = async (requests: AsyncIterable<unknown>) => {
    for await (const _ of requests);
  };
  const { endpoint } = await loopback({ connect }, { limits: { finishMs: 100 } });
  const { call } = openRaw(endpoint);
  const { path: to } = TelemetryIngestService.connect;
  const [silent, slow] = [call(to), call(to)];
  silent.stream.write(begun(0, 0));
  slow.stream.write(begun(1_000, 10));
  await soon(() => expect(slow.status.code).toBe(4));
  expect(silent.status.code).toBeUndefined();
});

test('a connection whose messages the handler does not take is not blamed for the rest of one', async () => {
  const connect: Handlers['connect'] = async (requests) => {
    for await (const _ of requests) await hang();
  };
  const { endpoint } = await loopback({ ...answers, connect }, { limits: { finishMs: 100 } });
  const { call } = openRaw(endpoint);
  const waiting = call(TelemetryIngestService.connect.path);
  waiting.stream.write(Buffer.concat([begun(0, 0), begun(0, 0), begun(1_000, 10)]));
  for (let times = 0; times < 2; times += 1) {
    const slow = call();
    slow.stream.write(begun(1_000, 10));
    await soon(() => expect(slow.status.code).toBe(4));
  }
  expect(waiting.status.code).toBeUndefined();
});

test('one answer at a time waits for a client that takes nothing, and not for ever', async () => {
  const event = Event.create({ type: 'T', payload: Buffer.alloc(100 * KIBIBYTE) });
  const isAborted: boolean[] = [];
  let produced = 0;
  const subscribe: Handlers['subscribe'] = async function* (_, { signal }) {
    signal.addEventListener('abort', () => isAborted.push(true));
    for (;;) {
      produced += 1;
      yield { events: [{ position: undefined, event }], position: undefined };
    }
  };
  const { endpoint, channel } = await loopback({ ...answers, subscribe }, { limits: { takeMs: 1_500 } });
  const { call } = openRaw(endpoint, NO_WINDOW);
  const { stream } = call('/odograph.history.v1.EventLog/Subscribe');
  stream.end(begun(0, 0));
  await soon(() => expect(produced).toBe(1));
  for (let times = 0; times < 20; times += 1)
    await callUnary(channel, TelemetryIngestService.report, { reports: [] });
  expect(produced).toBe(1);
  await soon(() => expect(isAborted).toEqual([true]));
  // The client hears of it later than the handler.
  await soon(() => expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL));
});

test('a compressed message that is empty or no such message holds up no other one of its client', async () => {
  const { endpoint } = await loopback(answers);
  const { call } = openRaw(endpoint);
  const calls = [Buffer.alloc(0), Buffer.from('gzip?'), gzipSync('cut off').subarray(0, 12)].map((bytes) => {
    const { stream, status } = call(path, { 'grpc-encoding': 'gzip' });
    const head = begun(bytes.length, 0);
    head[0] = 1;
    stream.end(Buffer.concat([head, bytes]));
    return status;
  });
  await soon(() => expect(calls.every(({ code }) => code !== undefined)).toBe(true));
  const last = call(path, { 'grpc-encoding': 'gzip' });
  last.stream.end(compressed(0));
  await soon(() => expect(last.status.code).toBe(0));
});

test('a call whose caller waits for a month is answered', async () => {
  const { endpoint } = await loopback(answers);
  const { call } = openRaw(endpoint);
  const { stream, status } = call(path, { 'grpc-timeout': '2592000S' });
  stream.end(begun(0, 0));
  await soon(() => expect(status.code).toBe(0));
});

test('what only the caller can have done wrong is INVALID_ARGUMENT', async () => {
  const { endpoint } = await loopback(answers);
  const { call } = openRaw(endpoint);
  const badTime = call(path, { 'grpc-timeout': 'soon' });
  const notGzip = call(path, { 'grpc-encoding': 'gzip' });
  const message = begun(3, 3);
  message[0] = 1;
  notGzip.stream.end(message);
  await soon(() => expect([badTime.status.code, notGzip.status.code]).toEqual([3, 3]));
});
