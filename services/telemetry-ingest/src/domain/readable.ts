import type { Finding } from '@odograph/kernel/finding';
import {
  isVssPath,
  KNOWN_SIGNAL_NAMES,
  KNOWN_SIGNALS,
  type Signals,
  type SignalValue,
} from '@odograph/kernel/signal';
import { isVehicleId, VEHICLE_ID_RULE } from '@odograph/kernel/vehicle-id';
import { isVin, VIN_RULE } from '@odograph/kernel/vin';
import { FindingList, type Findings } from './findings.ts';
import type {
  IncomingReport,
  IncomingSample,
  OtherSignal,
  ReadableReport,
  ReadableSample,
  ReportLimits,
} from './report.ts';

/** A report that can be read, or all the reasons why it cannot. */
type Reading =
  | { readonly isReadable: true; readonly report: ReadableReport }
  | { readonly isReadable: false; readonly findings: Findings };

export const REPORT_ID_MAX_LENGTH = 128;
const REPORT_ID = new RegExp(`^[!-~]{1,${REPORT_ID_MAX_LENGTH}}$`);
export const CLOCK_TEXT_MAX_LENGTH = 64;
export const TEXT_MAX_LENGTH = 256;
export const OTHERS_MAX_COUNT = 64;

const KNOWN_BY_PATH = new Map<string, string>(
  KNOWN_SIGNAL_NAMES.map((name) => [KNOWN_SIGNALS[name].vssPath, name]),
);

/** Checks the form of a report. One malformed field is enough to reject the report. */
export function readReport(report: IncomingReport, limits: ReportLimits): Reading {
  const { vehicleId, reportId, vin } = report;
  const findings = new FindingList();
  checkNames(report, findings);
  checkSampleCount(report.samples.length, limits.maxSamples, findings);
  // Samples beyond the limit are not read: the report is rejected without them.
  const samples = report.samples
    .slice(0, limits.maxSamples)
    .map((sample, index) => readSample(sample, index, findings));
  if (!findings.isEmpty) return { isReadable: false, findings };
  return { isReadable: true, report: { vehicleId, reportId, vin, samples } };
}

function checkNames({ vehicleId, reportId, vin }: IncomingReport, findings: FindingList): void {
  if (!isVehicleId(vehicleId)) {
    const description = `${quoted(vehicleId)} is not a vehicle id: it must be ${VEHICLE_ID_RULE}`;
    findings.add(() => ({ field: 'vehicle_id', reason: 'INVALID_VEHICLE_ID', description }));
  }
  if (!REPORT_ID.test(reportId)) {
    const rule = `1 to ${REPORT_ID_MAX_LENGTH} printable ASCII characters without spaces, unique for the vehicle and its time`;
    const description = `${quoted(reportId)} is not a report id: it must be ${rule}`;
    findings.add(() => ({ field: 'report_id', reason: 'INVALID_REPORT_ID', description }));
  }
  if (vin !== undefined && !isVin(vin)) {
    const description = `${quoted(vin)} is not a VIN: it must be ${VIN_RULE}; leave it out if it is unknown`;
    findings.add(() => ({ field: 'vin', reason: 'INVALID_VIN', description }));
  }
}

function checkSampleCount(count: number, maxSamples: number, findings: FindingList): void {
  if (count === 0) {
    const description = 'a report must hold at least one sample';
    findings.add(() => ({ field: 'samples', reason: 'NO_SAMPLE', description }));
  } else if (count > maxSamples) {
    const description = `${count} samples, at most ${maxSamples} a report: split it into several reports`;
    findings.add(() => ({ field: 'samples', reason: 'TOO_MANY_SAMPLES', description }));
  }
}

// The text of a path is built only for a finding, because most samples have none.
function readSample(sample: IncomingSample, index: number, findings: FindingList): ReadableSample {
  const { observedAtMs, clockText, known, others } = sample;
  checkClock(sample, index, findings);
  checkSignalCount(sample, index, findings);
  for (const name of Object.keys(known)) {
    const finding = findInValue(known[name]);
    if (finding) findings.add(() => ({ field: `samples[${index}].signals.${name}`, ...finding }));
  }
  const signals = others.length === 0 ? known : { ...known, ...readOthers(others, index, findings) };
  return { observedAtMs, clockText, signals };
}

function checkClock({ observedAtMs, clockText }: IncomingSample, index: number, findings: FindingList): void {
  if (!Number.isSafeInteger(observedAtMs)) {
    const description = `${observedAtMs} is not a time: it must be Unix time in whole milliseconds`;
    const field = `samples[${index}].observed_at_ms`;
    findings.add(() => ({ field, reason: 'NOT_MILLISECONDS', description }));
  }
  if (clockText !== undefined && clockText.length > CLOCK_TEXT_MAX_LENGTH) {
    const description = `${clockText.length} characters, at most ${CLOCK_TEXT_MAX_LENGTH}: cut it`;
    findings.add(() => ({ field: `samples[${index}].clock_text`, reason: 'TEXT_TOO_LONG', description }));
  }
}

function checkSignalCount({ known, others }: IncomingSample, index: number, findings: FindingList): void {
  if (others.length === 0 && Object.keys(known).length === 0) {
    const description = 'a sample must hold at least one signal: leave the sample out';
    findings.add(() => ({ field: `samples[${index}].signals`, reason: 'NO_SIGNAL', description }));
  }
  if (others.length > OTHERS_MAX_COUNT) {
    const description = `${others.length} signals, at most ${OTHERS_MAX_COUNT} a sample: split it into several samples`;
    findings.add(() => ({
      field: `samples[${index}].signals.others`,
      reason: 'TOO_MANY_OTHERS',
      description,
    }));
  }
}

/** The signals that were sent by their paths. */
function readOthers(others: readonly OtherSignal[], index: number, findings: FindingList): Signals {
  const signals: Record<string, SignalValue> = {};
  for (const { path, value } of others.slice(0, OTHERS_MAX_COUNT)) {
    for (const finding of [findInPath(path), findInValue(value)]) {
      if (finding)
        findings.add(() => ({ field: `samples[${index}].signals.others[${quoted(path)}]`, ...finding }));
    }
    if (value !== undefined) signals[path] = value;
  }
  return signals;
}

type FindingWithoutField = Omit<Finding, 'field'>;

function findInPath(path: string): FindingWithoutField | undefined {
  const field = KNOWN_BY_PATH.get(path);
  if (field !== undefined) {
    const description = `this signal has its own field: use signals.${field}`;
    return { reason: 'HAS_A_FIELD', description };
  }
  if (isVssPath(path)) return undefined;
  const rule = 'a path of the Vehicle Signal Specification such as Vehicle.Cabin.Seat.Row1.Occupied';
  return { reason: 'INVALID_SIGNAL_PATH', description: `not a signal's name: it must be ${rule}` };
}

function findInValue(value: SignalValue | undefined): FindingWithoutField | undefined {
  if (value === undefined) {
    return { reason: 'NO_VALUE', description: 'exactly one of number, flag and text must be set' };
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const description = `${value} is not a finite number: leave the signal out if it is unknown`;
    return { reason: 'NOT_FINITE', description };
  }
  if (typeof value === 'string' && value.length > TEXT_MAX_LENGTH) {
    const description = `${value.length} characters, at most ${TEXT_MAX_LENGTH}: cut it`;
    return { reason: 'TEXT_TOO_LONG', description };
  }
  return undefined;
}

export const QUOTED_MAX_LENGTH = 40;

/** A caller's text for use in a finding: quoted, and cut if it is long. */
function quoted(text: string): string {
  const whole = JSON.stringify(text.slice(0, QUOTED_MAX_LENGTH));
  const isWhole = text.length <= QUOTED_MAX_LENGTH && whole.length <= QUOTED_MAX_LENGTH + 2;
  return isWhole ? whole : `${whole.slice(0, QUOTED_MAX_LENGTH)}…"`;
}
