import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault, isFault } from '@odograph/kernel/fault';
import { faultFromRpcStatus } from '@odograph/platform/grpc/status';
import type { DoorClient, DoorConnection } from '@odograph/testing/door-client';

/** What came of a batch: a result for each report that was answered, and the fault that left the others without. */
export interface BatchAnswer {
  readonly results: readonly (ReportResult | undefined)[];
  readonly fault: Fault | undefined;
}

/** Sends a batch, and waits for what comes of it. Never rejects. */
export type SendBatch = (reports: readonly Uint8Array[]) => Promise<BatchAnswer>;

/** Each batch is one call. */
export function sendByCalls(client: DoorClient, deadlineMs: number): SendBatch {
  return async (reports) => {
    try {
      const { results } = await client.report(reports, deadlineMs);
      return { results, fault: undefined };
    } catch (error) {
      if (isFault(error, 'INVALID_INPUT')) return { results: reports.map(() => REJECTED), fault: undefined };
      return unanswered(reports, error);
    }
  };
}

/** The answer to a call of which nothing can be read is an error, without results. */
const REJECTED: ReportResult = { outcome: ReportOutcome.REJECTED, findings: [] };

/** The door has a deadline of its own for batches of a connection; its answer needs a moment to come. */
const GRACE_MS = 500;
/** A batch is cut into so many messages, which are on their way at the same time. */
const MESSAGES_AT_ONCE = 3;

/** Each batch goes over a connection that stays, and is opened anew after it broke. */
export function sendByConnection(client: DoorClient, deadlineMs: number): SendBatch {
  let connection: DoorConnection | undefined;

  async function sendPart(open: DoorConnection, reports: readonly Uint8Array[]): Promise<BatchAnswer> {
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
      connection ??= await client.connect(deadlineMs);
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

/** A connection has no deadline, so whoever sends on it looks at the clock. */
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
