import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { type Client, makeGenericClientConstructor } from '@grpc/grpc-js';
import {
  type BatchResult,
  type ConnectionLimits,
  type ConnectResponse,
  type ReportResponse,
  type TelemetryIngestClient,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault, isFault } from '@odograph/kernel/fault';
import { type BidiCall, callBidi, callUnary, createGrpcClient } from '@odograph/platform/grpc/client';

/** A client that sends encoded reports, so that a report is encoded once for all attempts. */
type RawIngestClient = Client & {
  [Method in 'report' | 'connect']: TelemetryIngestClient[Method];
};

const asIs = (message: unknown): Buffer => message as Buffer;
const RawClient = makeGenericClientConstructor(
  {
    report: { ...TelemetryIngestService.report, requestSerialize: asIs },
    connect: { ...TelemetryIngestService.connect, requestSerialize: asIs },
  },
  'TelemetryIngest',
);

export interface DoorClient {
  /** Calls the unary `Report`. Throws a Fault. */
  report(reports: readonly Uint8Array[], deadlineMs: number): Promise<ReportResponse>;
  /** Opens a connection. Throws a Fault. */
  connect(openWithinMs?: number): Promise<DoorConnection>;
  close(): void;
}

/** A `Connect` stream. */
export interface DoorConnection {
  readonly limits: ConnectionLimits;
  /** Sends a batch and resolves with its result. Throws the Fault of the connection if it ends before. */
  send(reports: readonly Uint8Array[]): Promise<BatchResult>;
  /** Closes the stream, and cancels it after two seconds. */
  close(): Promise<void>;
  cancel(): void;
}

/** Each client has its own transport. */
export function createDoorClient(endpoint: string): DoorClient {
  const options = { 'grpc.use_local_subchannel_pool': 1 };
  const client = createGrpcClient(RawClient as never, endpoint, options) as unknown as RawIngestClient;
  return {
    report: (reports, deadlineMs) => {
      return callUnary<never, ReportResponse>(client.report as never, reportRequest(reports) as never, {
        deadlineMs,
      });
    },
    connect: (openWithinMs = 5_000) => openConnection(client, openWithinMs),
    close: () => client.close(),
  };
}

const CLOSE_WITHIN_MS = 2_000;

async function openConnection(client: RawIngestClient, openWithinMs: number): Promise<DoorConnection> {
  const call = callBidi<Uint8Array, ConnectResponse>(client.connect as never);
  const responses = call.responses[Symbol.asyncIterator]();
  const late = setTimeout(() => call.cancel(), openWithinMs);
  const first = await responses.next().finally(() => clearTimeout(late));
  const hello = first.done ? undefined : first.value.message;
  if (hello?.$case !== 'limits')
    throw new Fault('UNAVAILABLE', 'the first message of the connection must be its limits');
  return runConnection(call, responses, hello.value);
}

function runConnection(
  call: BidiCall<Uint8Array, ConnectResponse>,
  responses: AsyncIterator<ConnectResponse>,
  limits: ConnectionLimits,
): DoorConnection {
  const waiting = new Map<number, PromiseWithResolvers<BatchResult>>();
  let lastNumber = 0;
  let failure: Fault | undefined;
  /** Messages wait for the socket one after the other. */
  let sending: Promise<void> = Promise.resolve();

  function fail(error: unknown): void {
    failure ??= isFault(error) ? error : new Fault('UNAVAILABLE', 'the connection failed', { cause: error });
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  }

  async function read(): Promise<void> {
    try {
      for (let next = await responses.next(); !next.done; next = await responses.next()) {
        if (next.value.message?.$case !== 'ack') continue;
        for (const result of next.value.message.value.batches) {
          waiting.get(result.number)?.resolve(result);
          waiting.delete(result.number);
        }
      }
      fail(new Fault('UNAVAILABLE', 'the server ended the connection'));
    } catch (error) {
      fail(error);
    }
  }

  const reading = read();
  return {
    limits,
    async send(reports) {
      if (failure) throw failure;
      lastNumber += 1;
      const result = Promise.withResolvers<BatchResult>();
      waiting.set(lastNumber, result);
      const message = connectRequest(lastNumber, reports);
      sending = sending.then(() => call.send(message)).catch(fail);
      return await result.promise;
    },
    async close() {
      call.end();
      const late = setTimeout(() => call.cancel(), CLOSE_WITHIN_MS);
      await reading.finally(() => clearTimeout(late));
    },
    cancel: () => call.cancel(),
  };
}

/** `ReportRequest.reports`, field 1. */
function reportRequest(reports: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const report of reports) writer.uint32(tag(1)).bytes(report);
  return Buffer.from(writer.finish());
}

/** `ConnectRequest.batch`, field 1, with `number`, field 1, and `reports`, field 2. */
function connectRequest(number: number, reports: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  writer.uint32(tag(1)).fork().uint32(8).uint64(number);
  for (const report of reports) writer.uint32(tag(2)).bytes(report);
  return Buffer.from(writer.join().finish());
}

/** The tag of a length-delimited field. */
const tag = (field: number): number => field * 8 + 2;
