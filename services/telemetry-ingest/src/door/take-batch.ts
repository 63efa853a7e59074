import type { CallContext } from '@odograph/platform/grpc/handler';
import type { ClientLimits } from './client-limits.ts';
import type { DoorMetrics } from './metrics.ts';
import { isOutage, refusalOf } from './results.ts';
import { assertWithin, type MessageLimits, type SplitReports } from './split-message.ts';
import type { Answer, ReportsCall, TakeReports } from './take-reports.ts';

/** A batch as it came in one message. */
export interface Batch extends SplitReports {
  readonly messageBytes: number;
}

/** The call that brought it. */
export type Call = Pick<CallContext, 'client'> & ReportsCall;

/**
 * Takes a batch within the limits, and answers for each of its reports, in order.
 * Rejects with a Fault where it is refused as a whole: over a limit, or the log is away for all of it.
 */
export type TakeBatch = (batch: Batch, call: Call) => Promise<readonly Answer[]>;

export interface TakeBatchParts {
  readonly take: TakeReports;
  readonly clients: ClientLimits;
  readonly limits: MessageLimits;
  readonly metrics: DoorMetrics;
}

export function createTakeBatch({ take, clients, limits, metrics }: TakeBatchParts): TakeBatch {
  return async ({ count, reports, messageBytes }, { client, ...call }) => {
    try {
      assertWithin(limits, messageBytes, count);
      clients.admitReports(client, count);
      metrics.batchTaken(count);
      const answers = await take(reports, call);
      metrics.answered(answers);
      if (isOutage(answers)) throw refusalOf(answers);
      return answers;
    } catch (error) {
      metrics.refused(error);
      throw error;
    }
  };
}
