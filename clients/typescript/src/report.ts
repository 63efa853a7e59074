import { type CallOptions, type Channel, callUnary } from './call.ts';
import { Fault, isFault } from './fault.ts';
import {
  ReportOutcome,
  type ReportResult,
  TelemetryIngestService,
} from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import { PASSING_FOR_REPORTS, type RetryOptions, withRetries } from './retry.ts';
import { assertOneEach, encodeReportRequest, type Report, withEncodedRequests } from './wire.ts';

const reportMethod = withEncodedRequests(TelemetryIngestService.report);

/** See `Client.report`. */
export async function report(
  channel: Channel,
  reports: readonly (Report | Uint8Array)[],
  options: RetryOptions = {},
): Promise<ReportResult[]> {
  const results: ReportResult[] = [];
  let open = reports.map((bytes, at) => ({ bytes, at }));

  async function attempt(callOptions: CallOptions): Promise<void> {
    const request = encodeReportRequest(open.map(({ bytes }) => bytes));
    const answer = await callUnary(channel, reportMethod, request, callOptions);
    assertOneEach(answer.results, open.length);
    const unavailable = open.filter(({ at }, place) => {
      const result = answer.results[place] as ReportResult;
      results[at] = result;
      return result.outcome === ReportOutcome.UNAVAILABLE;
    });
    open = unavailable;
    if (open.length > 0)
      throw new Fault('UNAVAILABLE', `${open.length} reports were not stored`, {
        retryAfterMs: longestDelayMs(answer.results),
      });
  }

  try {
    await withRetries(attempt, options, PASSING_FOR_REPORTS);
  } catch (error) {
    // Once there are results, they say which reports were not stored, and why.
    if (results.length === 0 || !isFault(error, ...PASSING_FOR_REPORTS)) throw error;
  }
  return results;
}

/** The longest delay that the server gives; undefined if it gives none. */
export function longestDelayMs(results: readonly ReportResult[]): number | undefined {
  const delaysMs = results.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return delaysMs.length === 0 ? undefined : Math.max(...delaysMs);
}
