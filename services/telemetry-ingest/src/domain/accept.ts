import type { Finding } from '@odograph/kernel/finding';
import type {
  EventHead,
  QuarantinedSample,
  TelemetryQuarantined,
  TelemetryReported,
} from '@odograph/kernel/vehicle-event';
import { hasRightCheckDigit } from '@odograph/kernel/vin';
import { FindingList, type Findings } from './findings.ts';
import { readReport } from './readable.ts';
import type { IncomingReport, ReadableReport, ReportLimits } from './report.ts';
import { findSameTimes } from './same-times.ts';
import { abridgeFindings, splitSamples } from './split-samples.ts';

export type Fact = TelemetryReported | TelemetryQuarantined;

/** The decision about one report. */
export type Judgement = Rejected | Taken;

/** The report cannot be read. Nothing of it is kept. */
interface Rejected {
  readonly outcome: 'rejected';
  readonly findings: Findings;
}

/** The report goes into the log: accepted if some of it is believed, quarantined if nothing is. */
export interface Taken {
  readonly outcome: 'accepted' | 'quarantined';
  /** Part 0 is the report as one event. An accepted report has a part 1 if some of its signals were set aside. */
  readonly facts: readonly [Fact, ...Fact[]];
  readonly findings: Findings;
}

/** Decides about one report. Never throws: every report gives findings, or facts, which are its parts 0 and 1 in the log. */
export function acceptReport(
  incoming: IncomingReport,
  receivedAtMs: number,
  limits: ReportLimits,
): Judgement {
  const reading = readReport(incoming, limits);
  if (!reading.isReadable) return { outcome: 'rejected', findings: reading.findings };
  const { report } = reading;
  const { futureToleranceMs } = limits;
  const { believed, setAside } = splitSamples(report.samples, { receivedAtMs, futureToleranceMs });
  const findings = findingsOf(report, setAside);
  for (const finding of findSameTimes(believed)) findings.add(() => finding);
  const head = headOf(report, receivedAtMs);
  const reported: TelemetryReported = { ...head, type: 'TelemetryReported', samples: believed };
  if (setAside.length === 0) return { outcome: 'accepted', facts: [reported], findings };
  const samples = abridgeFindings(setAside);
  const quarantined: TelemetryQuarantined = { ...head, type: 'TelemetryQuarantined', samples };
  if (believed.length === 0) return { outcome: 'quarantined', facts: [quarantined], findings };
  return { outcome: 'accepted', facts: [reported, quarantined], findings };
}

function headOf(report: ReadableReport, receivedAtMs: number): EventHead & Pick<ReadableReport, 'vin'> {
  const { vehicleId: subject, reportId, vin } = report;
  return { subject, reportId, observedAtMs: keyTimeMs(report), receivedAtMs, vin };
}

/** Later times are not from a clock. The bound is fixed, so that the key of a report never depends on our clock. */
const KEY_TIME_END_MS = Date.UTC(3000, 0, 1);

/**
 * The observed time in the key of a report: that of its first sample, or 0 if that cannot be a time. It depends only on
 * the content, so a report that is sent again has the same key.
 */
function keyTimeMs({ samples }: ReadableReport): number {
  const observedAtMs = samples[0]?.observedAtMs ?? 0;
  return observedAtMs > 0 && observedAtMs < KEY_TIME_END_MS ? observedAtMs : 0;
}

const WRONG_CHECK_DIGIT: Finding = {
  field: 'vin',
  reason: 'VIN_CHECK_DIGIT',
  description: 'the ninth character is not the check digit; the VIN is kept, because many makers write none',
};

function findingsOf({ vin }: ReadableReport, setAside: readonly QuarantinedSample[]): FindingList {
  const findings = new FindingList();
  if (vin !== undefined && !hasRightCheckDigit(vin)) findings.add(() => WRONG_CHECK_DIGIT);
  for (const { sampleIndex, findings: ofSample } of setAside) {
    for (const { field, reason, description } of ofSample) {
      findings.add(() => ({ field: `samples[${sampleIndex}].${field}`, reason, description }));
    }
  }
  return findings;
}
