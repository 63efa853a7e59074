import { type DescMessage, fromJson, toBinary } from '@bufbuild/protobuf';
import { type BidiCall, Channel, callBidi, callServerStream, callUnary } from '@odograph/client/call';
import { contracts } from '@odograph/contracts/descriptors';
import { EventLogService, ReadRequest } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import {
  type ConnectResponse,
  ReportRequest,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger } from '../logger.ts';
import { loopback } from '../loopback.fixture.ts';
import { bidi, grpcService, unary, withRawRequests } from './handler.ts';
import { createGrpcServer } from './server.ts';

const REQUEST = { reports: [] };
const ANSWER = { results: [] };
const SUBSCRIBE = { after: [], partitions: [] };
const ACK: ConnectResponse = { message: { $case: 'ack', value: { through: 1, batches: [] } } };

const soon = (expectation: () => void) => vi.waitFor(expectation, { timeout: 5_000, interval: 5 });
const next = <T>(responses: AsyncIterable<T>) => responses[Symbol.asyncIterator]().next();

describe('a message', () => {
  test('over the limit is refused, and the refusal names the limit', async () => {
    const { channel } = await loopback({ report: async () => ANSWER }, { maxMessageBytes: 1_000 });
    const reports = [{ vehicleId: 'v'.repeat(2_000), reportId: '', samples: [], vin: undefined }];
    await expect(callUnary(channel, TelemetryIngestService.report, { reports })).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining('1000'),
    });
    expect(await callUnary(channel, TelemetryIngestService.report, REQUEST)).toEqual(ANSWER);
  });

  test('that cannot be decoded is refused as INVALID_INPUT', async () => {
    const connect = async (requests: AsyncIterable<unknown>) => {
      for await (const _ of requests) expect.unreachable();
    };
    const { channel, errors } = await loopback({ report: async () => ANSWER, connect });
    const requestSerialize = () => Buffer.from([0x0a, 0xff]);
    const report = { ...TelemetryIngestService.report, requestSerialize };
    const refusal = {
      code: 'INVALID_INPUT',
      message: expect.stringMatching(
        /not a message odograph.telemetry.v1.(Report|Connect)Request: .*reflection/,
      ),
    };
    await expect(callUnary(channel, report, REQUEST)).rejects.toMatchObject(refusal);
    const call = callBidi(channel, { ...TelemetryIngestService.connect, requestSerialize });
    await call.send({ batch: undefined });
    await expect(next(call.responses)).rejects.toMatchObject(refusal);
    expect(errors).toEqual([]);
  });

  test('with an integer that is not exact is refused, and the refusal names the field and the bound', async () => {
    const { channel } = await loopback({});
    const type = contracts.getMessage('odograph.history.v1.ReadRequest') as DescMessage;
    const request = fromJson(type, { after: [{ sequence: '1' }, { sequence: String(2n ** 63n) }] });
    const requestSerialize = () => Buffer.from(toBinary(type, request));
    const read = callServerStream(
      channel,
      { ...EventLogService.read, requestSerialize },
      ReadRequest.create(),
    );
    await expect(read.next()).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'after[1].sequence is 9223372036854775808, but must be between -(2^53 - 1) and 2^53 - 1',
      findings: [{ field: 'after[1].sequence', reason: 'OUT_OF_RANGE' }],
    });
  });

  test('reaches a handler that takes bytes unchanged', async () => {
    const seen: unknown[] = [];
    const raw = withRawRequests(TelemetryIngestService, 'report', 'connect');
    const server = await createGrpcServer({
      services: [
        grpcService(raw, {
          report: unary(async (bytes) => {
            seen.push(ReportRequest.decode(bytes));
            return ANSWER;
          }),
          connect: bidi(async (requests) => {
            for await (const bytes of requests) seen.push(bytes.length);
          }),
          describe: unary(async () => ({ partitions: [], refusal: undefined, reportsTaken: 0, nowMs: 0 })),
        }),
      ],
      logger: silentLogger,
    });
    const channel = new Channel(`127.0.0.1:${server.port}`);
    onTestFinished(() => channel.close());
    onTestFinished(() => server.stop(0));
    await callUnary(channel, TelemetryIngestService.report, REQUEST);
    const call = callBidi(channel, TelemetryIngestService.connect);
    await call.send({ batch: undefined });
    call.end();
    await next(call.responses);
    expect(seen).toEqual([REQUEST, 0]);
  });
});

describe('a server that stops', () => {
  test('lets a unary call finish, and takes no new call', async () => {
    const { promise: paused, resolve: goOn } = Promise.withResolvers<void>();
    const isAborted: boolean[] = [];
    const { channel, server, endpoint } = await loopback({
      report: async (_, { signal }) => {
        await paused;
        isAborted.push(signal.aborted);
        return ANSWER;
      },
    });
    const call = callUnary(channel, TelemetryIngestService.report, REQUEST);
    await soon(() => expect(server.openCalls).toBe(1));
    const stopped = server.stop(5_000);
    const refusal = { code: 'UNAVAILABLE', message: expect.stringContaining(endpoint) };
    const late = new Channel(endpoint);
    await expect(
      callUnary(late, TelemetryIngestService.report, REQUEST, { deadlineMs: 2_000 }),
    ).rejects.toMatchObject(refusal);
    goOn();
    expect(await call).toEqual(ANSWER);
    await stopped;
    expect(isAborted).toEqual([false]);
    late.close();
  });

  test('ends a stream that stays with UNAVAILABLE', async () => {
    const { channel, server } = await loopback({
      subscribe: async function* (_, { signal }) {
        yield { events: [], position: undefined };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    const responses = callServerStream(channel, EventLogService.subscribe, SUBSCRIBE);
    await responses.next();
    const ended = expect(responses.next()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterMs: 1_000,
    });
    await server.stop(60_000);
    await ended;
  });

  test('lets a connection answer what it has read, then ends it with UNAVAILABLE', async () => {
    let read = 0;
    const { channel, server } = await loopback({
      connect: async (requests, send) => {
        for await (const _ of requests) read += 1;
        await send(ACK);
      },
    });
    const call = callBidi(channel, TelemetryIngestService.connect);
    await call.send({ batch: { number: 1, reports: [] } });
    await soon(() => expect(read).toBe(1));
    const responses = call.responses[Symbol.asyncIterator]();
    const first = responses.next();
    await server.stop(60_000);
    expect(await first).toEqual({ done: false, value: ACK });
    await expect(responses.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('answers calls that hang with UNAVAILABLE when its time is over', async () => {
    const hang = () => Promise.withResolvers<never>().promise;
    const { channel, server } = await loopback({ report: hang, connect: hang });
    const call: BidiCall<unknown, ConnectResponse> = callBidi(channel, TelemetryIngestService.connect);
    const failures = Promise.all([
      expect(callUnary(channel, TelemetryIngestService.report, REQUEST)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        retryAfterMs: 1_000,
      }),
      expect(next(call.responses)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 1_000 }),
    ]);
    await soon(() => expect(server.openCalls).toBe(2));
    await server.stop(20);
    await failures;
  });
});

test('a server names a port that is in use', async () => {
  const { server } = await loopback({});
  const options = { services: [], logger: silentLogger, port: server.port };
  await expect(createGrpcServer(options)).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
    message: expect.stringContaining(`cannot listen on 127.0.0.1:${server.port}`),
  });
});
