import { type Client, createClient } from '@odograph/client';
import type { Connection } from '@odograph/client/connection';
import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { faultFromRpcStatus } from '@odograph/client/rpc-status';
import { Fault, isFault } from '@odograph/kernel/fault';

/** The client's own transport, and one attempt a call: the ledger must know each of them. */
const OWN_TRANSPORT = { maxAttempts: 1, channelOptions: { 'grpc.use_local_subchannel_pool': 1 } };

/** The result of each report that was answered, and the fault because of which the others were not. */
interface BatchAnswer {
  readonly results: readonly (ReportResult | undefined)[];
  readonly fault: Fault | undefined;
}

interface BatchSender {
  /** Sends a batch and waits for its answer. A Fault is part of the answer. */
  send(reports: readonly Uint8Array[]): Promise<BatchAnswer>;
  close(): void;
}

interface BatchSenderOptions {
  readonly endpoint: string;
  readonly mode: 'calls' | 'connection';
  readonly deadlineMs: number;
}

export function createBatchSender({ endpoint, mode, deadlineMs }: BatchSenderOptions): BatchSender {
  const client = createClient({ ingest: endpoint, ...OWN_TRANSPORT });
  const send = mode === 'calls' ? sendByCalls(client, deadlineMs) : sendByConnection(client, deadlineMs);
  return { send, close: () => client.close() };
}

/** Each batch is one call. */
function sendByCalls(client: Client, deadlineMs: number): BatchSender['send'] {
  return async (reports) => {
    try {
      return { results: await client.report(reports, { deadlineMs }), fault: undefined };
    } catch (error) {
      if (isFault(error, 'INVALID_INPUT')) return { results: reports.map(() => REJECTED), fault: undefined };
      return unanswered(reports, error);
    }
  };
}

/** A call without a readable report is answered with an error and no results. */
const REJECTED: ReportResult = { outcome: ReportOutcome.REJECTED, findings: [] };

/** Ingest has its own deadline for batches of a connection; this is the time for its answer to arrive. */
const GRACE_MS = 500;
/** A batch is split into this many messages, which are in flight at the same time. */
const MESSAGES_AT_ONCE = 3;

/** Batches share one connection, which is opened again after an error. */
function sendByConnection(client: Client, deadlineMs: number): BatchSender['send'] {
  let connection: Connection | undefined;

  async function sendPart(open: Connection, reports: readonly Uint8Array[]): Promise<BatchAnswer> {
    try {
      const { results, refused } = await within(deadlineMs + GRACE_MS, open.send(reports));
      return refused ? unanswered(reports, faultFromRpcStatus(refused)) : { results, fault: undefined };
    } catch (error) {
      open.cancel();
      connection = undefined;
      return unanswered(reports, error);
    }
  }

  return async (reports) => {
    try {
      connection ??= await client.connect({ openWithinMs: deadlineMs });
    } catch (error) {
      return unanswered(reports, error);
    }
    const open = connection;
    const answers = await Promise.all(partsOf(reports).map((part) => sendPart(open, part)));
    const results = answers.flatMap((answer) => answer.results);
    return { results, fault: answers.find(({ fault }) => fault !== undefined)?.fault };
  };
}

function partsOf(reports: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const size = Math.ceil(reports.length / MESSAGES_AT_ONCE);
  const parts = Array.from({ length: MESSAGES_AT_ONCE }, (_, at) =>
    reports.slice(at * size, (at + 1) * size),
  );
  return parts.filter(({ length }) => length > 0);
}

function unanswered(reports: readonly Uint8Array[], error: unknown): BatchAnswer {
  if (!isFault(error)) throw error;
  return { results: reports.map(() => undefined), fault: error };
}

/** A connection has no deadline, so the sender keeps its own. */
async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Fault('DEADLINE', `no acknowledgement within ${deadlineMs} ms`));
  }, deadlineMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
