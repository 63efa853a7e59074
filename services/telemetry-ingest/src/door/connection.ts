import type {
  BatchResult,
  ConnectResponse,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { asFault, toRpcStatus } from '@odograph/platform/grpc/status';
import type { Logger } from '@odograph/platform/logger';
import type { BatchIntake } from './batch-intake.ts';
import type { ClientLimits } from './client-limits.ts';
import { OrderedWindow } from './ordered-window.ts';
import { type MessageLimits, type SplitBatch, splitConnectRequest } from './split-message.ts';

export interface ConnectionSettings extends MessageLimits {
  /** How many batches of one connection may be in progress. */
  readonly windowBatches: number;
  /** How long a batch of a connection may take, in milliseconds. The connection itself has no deadline. */
  readonly batchDeadlineMs: number;
}

interface ConnectionDeps {
  readonly intake: BatchIntake;
  readonly clients: ClientLimits;
  readonly limits: ConnectionSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Send = (response: ConnectResponse) => Promise<void>;

/** One acknowledgement covers at most this many reports, so that it stays below the 4 MiB that gRPC clients take. */
export const REPORTS_PER_ACK = 5_000;

/**
 * One call of `Connect`. Every batch that was read is taken and acknowledged, in order, no matter how the connection ends:
 * by the client, by a message out of order, or by the shutdown of the server.
 */
export class Connection {
  readonly #deps: ConnectionDeps;
  readonly #call: CallContext;
  readonly #window: OrderedWindow<BatchResult>;

  constructor(deps: ConnectionDeps, call: CallContext) {
    this.#deps = deps;
    this.#call = call;
    this.#window = new OrderedWindow({ size: deps.limits.windowBatches, groupWeight: REPORTS_PER_ACK });
  }

  /** Reads batches and sends acknowledgements until the connection ends. Rejects with the fault that ended it. */
  async serve(requests: AsyncIterable<Buffer>, send: Send): Promise<void> {
    const { clients, limits } = this.#deps;
    using _open = clients.openConnection(this.#call.client);
    const { windowBatches, maxReports, maxBytes } = limits;
    await send({ message: { $case: 'limits', value: { windowBatches, maxReports, maxBytes } } });
    // Each closes the window for the other: without the reader no batch comes, without acknowledgements none leaves.
    const close = () => this.#window.close();
    const reading = Promise.allSettled([this.#readBatches(requests).finally(close)]);
    await this.#acknowledge(send).finally(close);
    const [end] = await reading;
    if (end.status === 'rejected') throw end.reason;
  }

  async #readBatches(requests: AsyncIterable<Buffer>): Promise<void> {
    let expected = 1;
    for await (const message of requests) {
      const batch = splitConnectRequest(message, this.#deps.limits);
      assertNumber(batch, expected);
      expected += 1;
      const queued = Promise.withResolvers<void>();
      const held = new DisposableStack();
      const result = this.#resultOf(batch, held, queued.resolve).finally(queued.resolve);
      // The next batch waits until this one is queued, so that the reports of a vehicle keep their order.
      await Promise.all([this.#window.add({ result, weight: batch.reports.length, held }), queued.promise]);
    }
  }

  /** The result of a batch. Never rejects: a refusal is a result, and the connection continues. */
  async #resultOf(batch: SplitBatch, held: DisposableStack, onQueued: () => void): Promise<BatchResult> {
    const { intake, clients, limits, clock, logger } = this.#deps;
    const { number } = batch;
    const deadlineAtMs = Math.min(this.#call.deadlineAtMs, clock.now() + limits.batchDeadlineMs);
    const { client, traceparent } = this.#call;
    const call = { client, traceparent, deadlineAtMs, onQueued, failsIfAllAreRejected: false };
    try {
      held.use(clients.holdBatch(client, batch));
      return { number, results: await intake.take(batch, call) };
    } catch (error) {
      return { number, results: [], refused: toRpcStatus(asFault(error, logger)) };
    }
  }

  async #acknowledge(send: Send): Promise<void> {
    for await (const batches of this.#window.groups()) {
      const through = batches.at(-1)?.number ?? 0;
      await send({ message: { $case: 'ack', value: { through, batches: [...batches] } } });
    }
  }
}

function assertNumber({ number }: SplitBatch, expected: number): void {
  if (number === expected) return;
  const description = `batch ${number} came instead of batch ${expected}: number the batches 1, 2, 3 and so on`;
  const findings = [{ field: 'batch.number', reason: 'WRONG_BATCH_NUMBER', description }];
  throw new Fault('INVALID_INPUT', description, { findings });
}
