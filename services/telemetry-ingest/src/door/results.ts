import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import type { Answer } from './take-reports.ts';

/**
 * Findings of a batch told beyond the first of each report. gRPC clients take answers of up to 4 MiB: with 300 bytes a
 * finding, 60 for the one that counts the rest and 30 for the result itself, those of 10,000 reports in one batch,
 * or of 5,000 in 64 batches that are acknowledged together, stay below.
 */
const FURTHER_FINDINGS_TOLD = 100;

const OUTCOMES = {
  accepted: ReportOutcome.ACCEPTED,
  quarantined: ReportOutcome.QUARANTINED,
  rejected: ReportOutcome.REJECTED,
  unavailable: ReportOutcome.UNAVAILABLE,
} as const satisfies Record<Answer['outcome'], ReportOutcome>;

/** One result a report, in order. */
export function toResults(answers: readonly Answer[]): ReportResult[] {
  let furtherLeft = FURTHER_FINDINGS_TOLD;
  return answers.map((answer) => {
    const findings = told(findingsOf(answer), furtherLeft);
    furtherLeft -= Math.min(furtherLeft, Math.max(0, findings.length - 1));
    return toResult(answer, findings);
  });
}

function toResult(answer: Answer, findings: Finding[]): ReportResult {
  const result = { outcome: OUTCOMES[answer.outcome], findings };
  if ('position' in answer) return { ...result, position: answer.position };
  if (answer.outcome === 'rejected') return result;
  return { ...result, retryAfterMs: answer.fault.retryAfterMs };
}

function findingsOf(answer: Answer): readonly Finding[] {
  if (answer.outcome !== 'unavailable') return answer.findings;
  return [{ field: '', reason: answer.fault.code, description: answer.fault.message }];
}

function told(findings: readonly Finding[], furtherLeft: number): Finding[] {
  const count = 1 + furtherLeft;
  if (findings.length <= count) return [...findings];
  const description = `and ${findings.length - count} more, too many for one answer`;
  return [...findings.slice(0, count), { field: '', reason: 'MORE_FINDINGS', description }];
}

/** Whether nothing was taken for reasons that are not the reports': then the same batch can be sent again as a whole. */
export function isOutage(answers: readonly Answer[]): boolean {
  return answers.every(({ outcome }) => outcome === 'unavailable');
}

/** Whether not one report was taken. */
export function isRefusedWhole(answers: readonly Answer[]): boolean {
  return answers.every(({ outcome }) => outcome === 'unavailable' || outcome === 'rejected');
}

/**
 * The fault that says why none of these reports was taken: that of the log where it was away for any of them, as sending
 * them again is worth it, or INVALID_INPUT. Every field that is wrong is named in either.
 */
export function refusalOf(answers: readonly Answer[]): Fault {
  const violations = answers.flatMap(violationsOf);
  const faults = answers.flatMap((answer) => (answer.outcome === 'unavailable' ? [answer.fault] : []));
  const [first] = faults;
  if (first === undefined) {
    return new Fault('INVALID_INPUT', `none of the ${answers.length} reports can be read`, { violations });
  }
  const retryAfterMs = longestWaitMs(faults);
  return new Fault(first.code, first.message, { violations, cause: first, retryAfterMs, limit: first.limit });
}

function longestWaitMs(faults: readonly Fault[]): number | undefined {
  const waitsMs = faults.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return waitsMs.length === 0 ? undefined : Math.max(...waitsMs);
}

function violationsOf(answer: Answer, index: number): Finding[] {
  if (answer.outcome !== 'rejected') return [];
  const report = `reports[${index}]`;
  return answer.findings.map(({ field, reason, description }) => {
    return { field: field === '' ? report : `${report}.${field}`, reason, description };
  });
}
