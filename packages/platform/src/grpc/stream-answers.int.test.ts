import { once } from 'node:events';
import { callUnary } from '@odograph/client/call';
import { HealthService } from '@odograph/contracts/generated/grpc/health/v1/health';
import {
  ServerReflectionRequest,
  ServerReflectionService,
} from '@odograph/contracts/generated/grpc/reflection/v1/reflection';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import {
  type ReportResponse,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { expect, test } from 'vitest';
import { type Handlers, loopback } from '../loopback.fixture.ts';
import { begun, heldBytes, NO_WINDOW, openRaw, settledBytes, soon } from './raw-calls.fixture.ts';

const KIBIBYTE = 1024;
const CALLS = 120;
const ANSWER_BYTES = 100 * KIBIBYTE;
const REFLECTION_BYTES = 10 * KIBIBYTE;
/** What other objects of the calls take. */
const BESIDE_BYTES = 256 * KIBIBYTE;
const EMPTY = begun(0, 0);

const LARGE = answerOf('x'.repeat(ANSWER_BYTES));

function answerOf(description: string): ReportResponse {
  const findings = [{ field: '', reason: '', description }];
  return { results: [{ outcome: 0, findings, position: undefined, retryAfterMs: undefined }] };
}

/** A request of reflection for a file with all that it imports. */
const QUESTION = questionFor('odograph/history/v1/vehicle_history.proto');

function questionFor(value: string): Buffer {
  const question = ServerReflectionRequest.create({ messageRequest: { $case: 'fileByFilename', value } });
  const bytes = ServerReflectionRequest.encode(question).finish();
  return Buffer.concat([begun(bytes.length, 0), bytes]);
}

const event = Event.create({ type: 'T', payload: Buffer.alloc(ANSWER_BYTES) });
const handlers: Handlers = {
  report: async () => LARGE,
  connect: (_, send) =>
    send({ message: { $case: 'ack', value: { through: 1, batches: [{ number: 1, ...LARGE }] } } }),
  subscribe: async function* () {
    for (;;) yield { events: [{ position: undefined, event }], position: undefined };
  },
};

test.each([
  ['with many answers', '/odograph.history.v1.EventLog/Subscribe', EMPTY, ANSWER_BYTES],
  ['with many requests and answers', TelemetryIngestService.connect.path, EMPTY, ANSWER_BYTES],
  ['of reflection', ServerReflectionService.serverReflectionInfo.path, QUESTION, REFLECTION_BYTES],
])(
  'answers that a client does not take hold bounded memory, of streams %s',
  async (_, to, request, answerBytes) => {
    const maxAnswerBytes = 10 * answerBytes;
    const { endpoint, channel } = await loopback(handlers, { limits: { maxAnswerBytes } });
    const { call, session } = openRaw(endpoint, NO_WINDOW);
    const before = await settledBytes();
    const calls = Array.from({ length: CALLS }, () => call(to).stream);
    for (const stream of calls) stream.end(request);
    // Headers have no window, and come once there is an answer.
    await Promise.all(calls.map((stream) => once(stream, 'response')));
    const bytes = heldBytes() - before;
    expect(bytes).toBeGreaterThan(maxAnswerBytes / 4);
    // A client may hold half of all, and one answer more.
    expect(bytes).toBeLessThan(maxAnswerBytes / 2 + 2 * answerBytes + BESIDE_BYTES);
    // What they held is free once they are gone.
    session.destroy();
    expect(await callUnary(channel, TelemetryIngestService.report, { reports: [] })).toEqual(LARGE);
  },
);

test('of calls with one answer that a client does not take, as many hold one as are worked on', async () => {
  const maxCalls = 5;
  const { endpoint, channel } = await loopback(
    { report: async () => answerOf('x'.repeat(ANSWER_BYTES)) },
    { limits: { maxCalls } },
  );
  const { call, session } = openRaw(endpoint, NO_WINDOW);
  const before = await settledBytes();
  let answered = 0;
  for (let count = 0; count < CALLS; count += 1) {
    const { stream } = call();
    stream.once('response', () => {
      answered += 1;
    });
    stream.end(EMPTY);
  }
  await soon(() => expect(answered).toBe(maxCalls));
  // Answered after all that came before it.
  const health = openRaw(endpoint).call(HealthService.check.path);
  health.stream.end(EMPTY);
  await soon(() => expect(health.status.code).toBe(0));
  expect(answered).toBe(maxCalls);
  expect(heldBytes() - before).toBeLessThan(maxCalls * ANSWER_BYTES + BESIDE_BYTES);
  session.destroy();
  expect(await callUnary(channel, TelemetryIngestService.report, { reports: [] })).toEqual(LARGE);
});

/** Opens a stream with one large answer. */
function ask({ call }: ReturnType<typeof openRaw>, to: string = TelemetryIngestService.connect.path) {
  const asked = call(to);
  asked.stream.end(EMPTY);
  return asked;
}

test('health and calls with one answer are answered also while the streams of their client wait', async () => {
  const { endpoint } = await loopback(handlers, { limits: { maxAnswerBytes: ANSWER_BYTES } });
  await once(ask(openRaw(endpoint, NO_WINDOW)).stream, 'response');
  const raw = openRaw(endpoint);
  const stream = ask(raw);
  const others = [ask(raw, HealthService.check.path), ask(raw, TelemetryIngestService.report.path)];
  await soon(() => expect(others.map(({ status }) => status.code)).toEqual([0, 0]));
  expect(stream.status.code).toBeUndefined();
});

test('a stream of another client is answered, however much the streams of some hold', async () => {
  const { endpoint } = await loopback(handlers, { limits: { maxAnswerBytes: ANSWER_BYTES } });
  for (const localAddress of ['127.0.0.2', '127.0.0.3'])
    await once(ask(openRaw(endpoint, { ...NO_WINDOW, localAddress })).stream, 'response');
  const { status } = ask(openRaw(endpoint));
  await soon(() => expect(status.code).toBe(0));
});

test('a client that takes its answers gets all, however much they are together', async () => {
  const { endpoint } = await loopback(handlers, { limits: { maxAnswerBytes: 2 * ANSWER_BYTES } });
  const raw = openRaw(endpoint);
  const asked = Array.from({ length: CALLS }, () => ask(raw));
  await soon(() => expect(asked.filter(({ status }) => status.code === 0).length).toBe(CALLS));
});

test('an answer for which there is no memory in time is refused in words', async () => {
  const limits = { maxAnswerBytes: 2 * ANSWER_BYTES, roomMs: 500 };
  const { endpoint } = await loopback(handlers, { limits });
  const stalled = ask(openRaw(endpoint, NO_WINDOW));
  await once(stalled.stream, 'response');
  const { status } = ask(openRaw(endpoint));
  const message = expect.stringMatching(/^more than 204800 bytes of streams wait for their clients/);
  await soon(() => expect(status).toEqual({ code: 8, message }));
  expect(stalled.stream.closed).toBe(false);
});
