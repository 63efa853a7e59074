import type {
  BatchResult,
  ConnectionLimits,
  ConnectResponse,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { BidiHandler, CallContext } from '@odograph/platform/grpc/handler';
import { asFault, toRpcStatus } from '@odograph/platform/grpc/status';
import type { Logger } from '@odograph/platform/logger';
import type { ClientLimits } from './client-limits.ts';
import { createOrderedWindow, type OrderedWindow } from './ordered-window.ts';
import { toResults } from './results.ts';
import { type MessageLimits, type SplitBatch, splitConnectRequest } from './split-message.ts';
import type { Batch, TakeBatch } from './take-batch.ts';
import type { ReportsCall } from './take-reports.ts';

export interface ConnectionSettings extends MessageLimits {
  /** Batches of one connection under way at a time. */
  readonly windowBatches: number;
  /** How long a batch of a connection may take, in milliseconds: the connection itself has no deadline. */
  readonly batchDeadlineMs: number;
}

export interface ConnectionParts {
  readonly takeBatch: TakeBatch;
  readonly clients: ClientLimits;
  readonly limits: ConnectionSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An acknowledgement of several batches covers no more reports: with {@link toResults} it stays below 4 MiB. */
const REPORTS_PER_ACK = 5_000;

type Send = (response: ConnectResponse) => Promise<void>;

/**
 * A connection that stays. What was read of it is taken and acknowledged, in order, whatever ends it: the client,
 * a message out of order, or the server on its way down.
 */
export function createConnection(parts: ConnectionParts): BidiHandler<Buffer, ConnectResponse> {
  const { clients, limits } = parts;
  return async (requests, send, call) => {
    using _open = clients.openConnection(call.client);
    await send({ message: { $case: 'limits', value: connectionLimits(limits) } });
    const window = createOrderedWindow<BatchResult>({
      size: limits.windowBatches,
      groupWeight: REPORTS_PER_ACK,
    });
    // Each lets go of the other: without the reader no batch will come, without the acknowledgements none will leave.
    const close = () => window.close();
    const reading = settled(readBatches(requests, window, parts, call).finally(close));
    await acknowledge(window, send).finally(close);
    const end = await reading;
    if (end.status === 'rejected') throw end.reason;
  };
}

async function settled(work: Promise<void>): Promise<PromiseSettledResult<void>> {
  const [end] = await Promise.allSettled([work]);
  return end;
}

function connectionLimits({ windowBatches, maxReports, maxBytes }: ConnectionSettings): ConnectionLimits {
  return { windowBatches, maxReports, maxBytes };
}

async function readBatches(
  requests: AsyncIterable<Buffer>,
  window: OrderedWindow<BatchResult>,
  parts: ConnectionParts,
  call: CallContext,
): Promise<void> {
  let expected = 1;
  for await (const message of requests) {
    const batch = splitConnectRequest(message, parts.limits);
    assertNumber(batch, expected);
    expected += 1;
    const handedOver = Promise.withResolvers<void>();
    const onHandedOver = handedOver.resolve;
    const result = resultOf({ ...batch, messageBytes: message.length }, parts, { ...call, onHandedOver });
    // The next batch waits until this one's reports are on their way, so that a vehicle's keep their order.
    await Promise.all([window.add(result.finally(onHandedOver), batch.count), handedOver.promise]);
  }
}

function assertNumber({ number }: SplitBatch, expected: number): void {
  if (number === expected) return;
  const description = `batch ${number} came where ${expected} was due: number them from 1, each one more than the last`;
  const violations = [{ field: 'batch.number', reason: 'WRONG_BATCH_NUMBER', description }];
  throw new Fault('INVALID_INPUT', description, { violations });
}

/** What became of a batch. Never rejects: a refusal is an answer like any other, and the connection goes on. */
async function resultOf(
  batch: Batch & SplitBatch,
  { takeBatch, limits, clock, logger }: ConnectionParts,
  {
    client,
    traceparent,
    deadlineAtMs,
    onHandedOver,
  }: CallContext & Required<Pick<ReportsCall, 'onHandedOver'>>,
): Promise<BatchResult> {
  const { number } = batch;
  const dueAtMs = Math.min(deadlineAtMs, clock.now() + limits.batchDeadlineMs);
  try {
    const answers = await takeBatch(batch, { client, traceparent, deadlineAtMs: dueAtMs, onHandedOver });
    return { number, results: toResults(answers) };
  } catch (error) {
    return { number, results: [], refused: toRpcStatus(asFault(error, logger)) };
  }
}

async function acknowledge(window: OrderedWindow<BatchResult>, send: Send): Promise<void> {
  for await (const batches of window.groups()) {
    const through = batches.at(-1)?.number ?? 0;
    await send({ message: { $case: 'ack', value: { through, batches: [...batches] } } });
  }
}
