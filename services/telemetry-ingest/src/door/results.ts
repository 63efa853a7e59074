import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { AppendResult } from '@odograph/event-log/pending-append';
import { Fault, invariant, isFault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import type { Judgement } from '../domain/accept.ts';

/**
 * How many findings of a batch are listed in addition to the first of each report. gRPC clients take answers of up to
 * 4 MiB. With 300 bytes a finding, 60 for the one that counts the rest and 30 for the result, 10,000 reports stay below.
 * The others are dropped as soon as they are counted, so that they are not kept until the batch is on disk.
 */
export const FURTHER_FINDINGS = 100;

const OUTCOMES = {
  accepted: ReportOutcome.ACCEPTED,
  quarantined: ReportOutcome.QUARANTINED,
  rejected: ReportOutcome.REJECTED,
} as const satisfies Record<Judgement['outcome'], ReportOutcome>;

/** What is known of a report before its events are on disk. */
export type Judged = Pick<Judgement, 'outcome' | 'findings'>;

/** Makes the results of one batch, report after report, each without the position that it gets when it is on disk. */
export function createResultMaker(): (judged: Judged) => ReportResult {
  let further = FURTHER_FINDINGS;
  return ({ outcome, findings: { listed, unlisted } }) => {
    const findings = listed.slice(0, 1 + further);
    further -= Math.max(0, findings.length - 1);
    const left = listed.length - findings.length + unlisted;
    if (left > 0) findings.push(moreFindings(left));
    return { outcome: OUTCOMES[outcome], findings };
  };
}

function moreFindings(count: number): Finding {
  return { field: '', reason: 'MORE_FINDINGS', description: `and ${count} more, too many for one answer` };
}

/** The result of a report that the log did not confirm. */
export function unavailable({ code, message, retryAfterMs }: Fault): ReportResult {
  const findings = [{ field: '', reason: code, description: message }];
  return { outcome: ReportOutcome.UNAVAILABLE, findings, retryAfterMs };
}

/**
 * Completes the results of the reports that were appended: with a position, or as UNAVAILABLE. Returns the faults of the
 * log, by the index of the report. Throws any other Fault: to send the report again would not help.
 */
export function addAppended(
  results: ReportResult[],
  appended: readonly AppendResult[],
): ReadonlyMap<number, Fault> {
  const faults = new Map<number, Fault>();
  const remaining = appended.values();
  for (const [index, result] of results.entries()) {
    if (!isForTheLog(result)) continue;
    const { value } = remaining.next();
    invariant(value !== undefined, 'each report that was appended has a result');
    if (!isFault(value)) {
      result.position = value;
      continue;
    }
    if (!isFault(value, 'UNAVAILABLE', 'OVERLOADED')) throw value;
    results[index] = unavailable(value);
    faults.set(index, value);
  }
  return faults;
}

/**
 * The fault if a batch is refused as a whole; undefined if its results are the answer. That is decided here only:
 * a batch is refused if every report is UNAVAILABLE, or, if the caller says so, if no report goes into the log.
 * The fault is that of the first report that met one, because a retry can help; otherwise it is INVALID_INPUT.
 * @param faults by the index of the report.
 */
export function batchRefusal(
  results: readonly ReportResult[],
  faults: ReadonlyMap<number, Fault>,
  failsIfAllAreRejected: boolean,
): Fault | undefined {
  const isLogUnavailable = faults.size === results.length;
  const isRefused = isLogUnavailable || (failsIfAllAreRejected && !results.some(isForTheLog));
  if (!isRefused) return undefined;
  const findings = results.flatMap(findingsOf);
  const first = faults.get(Math.min(...faults.keys()));
  if (first === undefined) {
    const message = `none of the ${results.length} reports can be read: see the findings for each field`;
    return new Fault('INVALID_INPUT', message, { findings });
  }
  const retryAfterMs = longestWaitMs([...faults.values()]);
  return new Fault(first.code, first.message, { findings, cause: first, retryAfterMs, limit: first.limit });
}

function isForTheLog({ outcome }: ReportResult): boolean {
  return outcome === ReportOutcome.ACCEPTED || outcome === ReportOutcome.QUARANTINED;
}

function longestWaitMs(faults: readonly Fault[]): number | undefined {
  const waitsMs = faults.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return waitsMs.length === 0 ? undefined : Math.max(...waitsMs);
}

function findingsOf({ outcome, findings }: ReportResult, index: number): Finding[] {
  if (outcome !== ReportOutcome.REJECTED) return [];
  const report = `reports[${index}]`;
  return findings.map(({ field, reason, description }) => {
    return { field: field === '' ? report : `${report}.${field}`, reason, description };
  });
}
