import type { ReportResponse } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { UnaryHandler } from '@odograph/platform/grpc-handler';
import { isRefusedWhole, refusalOf, toResults } from './results.ts';
import { type MessageLimits, sliceReportRequest } from './slice-message.ts';
import type { TakeBatch } from './take-batch.ts';

export interface ReportParts {
  readonly takeBatch: TakeBatch;
  readonly limits: MessageLimits;
}

/** The unary `Report`: a batch in, one result a report out. Fails as a whole only where nothing was taken. */
export function createReport({ takeBatch, limits }: ReportParts): UnaryHandler<Buffer, ReportResponse> {
  return async (message, call) => {
    const sliced = sliceReportRequest(message, limits);
    const answers = await takeBatch({ ...sliced, messageBytes: message.length }, call);
    if (isRefusedWhole(answers)) throw refusalOf(answers);
    return { results: toResults(answers) };
  };
}
