import type { ReportResponse } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { UnaryHandler } from '@odograph/platform/grpc/handler';
import { isRefusedWhole, refusalOf, toResults } from './results.ts';
import { type MessageLimits, splitReportRequest } from './split-message.ts';
import type { TakeBatch } from './take-batch.ts';

export interface ReportCallParts {
  readonly takeBatch: TakeBatch;
  readonly limits: MessageLimits;
}

/** The unary `Report`: a batch in, one result a report out. Fails as a whole only where nothing was taken. */
export function createReportCall({
  takeBatch,
  limits,
}: ReportCallParts): UnaryHandler<Buffer, ReportResponse> {
  return async (message, call) => {
    const batch = { ...splitReportRequest(message, limits), messageBytes: message.length };
    const answers = await takeBatch(batch, call);
    if (isRefusedWhole(answers)) throw refusalOf(answers);
    return { results: toResults(answers) };
  };
}
