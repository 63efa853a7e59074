import { isVssPath, KNOWN_SIGNAL_NAMES, KNOWN_SIGNALS, type SignalValue } from '@odograph/kernel/signal';
import { isVehicleId, VEHICLE_ID_RULE } from '@odograph/kernel/vehicle-id';
import { isVin, VIN_RULE } from '@odograph/kernel/vin';
import { createFindingList, type Finding, type FindingList, quoted } from './finding.ts';
import type {
  IncomingReport,
  IncomingSample,
  OtherSignal,
  ReadableReport,
  ReadableSample,
  ReportLimits,
} from './report.ts';

/** A report that can be read, or everything that keeps it from being read. */
export type Reading =
  | { readonly isReadable: true; readonly report: ReadableReport }
  | { readonly isReadable: false; readonly violations: readonly Finding[] };

const REPORT_ID = /^[\x21-\x7e]{1,128}$/;
const CLOCK_TEXT_MAX_LENGTH = 64;
const TEXT_MAX_LENGTH = 256;
const OTHERS_MAX_COUNT = 64;

const KNOWN_BY_PATH = new Map<string, string>(
  KNOWN_SIGNAL_NAMES.map((name) => [KNOWN_SIGNALS[name].vssPath, name]),
);

/** Reads a report as it came; one that is malformed anywhere is not read at all. */
export function readReport(report: IncomingReport, limits: ReportLimits): Reading {
  const violations = createFindingList();
  checkNames(report, violations);
  checkSampleCount(report.samples.length, limits.maxSamples, violations);
  const samples = report.samples.map((sample, index) => readSample(sample, `samples[${index}]`, violations));
  if (!violations.isEmpty()) return { isReadable: false, violations: violations.toArray() };
  const { vehicleId, reportId, vin } = report;
  return {
    isReadable: true,
    report: { vehicleId, reportId, ...(vin === undefined ? {} : { vin }), samples },
  };
}

function checkNames({ vehicleId, reportId, vin }: IncomingReport, violations: FindingList): void {
  if (!isVehicleId(vehicleId)) {
    const description = `${quoted(vehicleId)} is no vehicle id: it must be ${VEHICLE_ID_RULE}`;
    violations.add('vehicle_id', 'INVALID_VEHICLE_ID', description);
  }
  if (!REPORT_ID.test(reportId)) {
    const rule = '1 to 128 printable ASCII characters without spaces, unique for the vehicle and its time';
    violations.add(
      'report_id',
      'INVALID_REPORT_ID',
      `${quoted(reportId)} is no report id: it must be ${rule}`,
    );
  }
  if (vin !== undefined && !isVin(vin)) {
    const description = `${quoted(vin)} is no VIN: it must be ${VIN_RULE}; leave it out where it is unknown`;
    violations.add('vin', 'INVALID_VIN', description);
  }
}

function checkSampleCount(count: number, maxSamples: number, violations: FindingList): void {
  if (count === 0) {
    violations.add('samples', 'NO_SAMPLE', 'a report must hold at least one sample');
  } else if (count > maxSamples) {
    const description = `${count} samples, at most ${maxSamples} a report: split it into several reports`;
    violations.add('samples', 'TOO_MANY_SAMPLES', description);
  }
}

function readSample(sample: IncomingSample, path: string, violations: FindingList): ReadableSample {
  const { observedAtMs, clockText } = sample;
  checkClock(sample, path, violations);
  const signals: Record<string, SignalValue> = {};
  for (const [name, value] of Object.entries(sample.known)) {
    checkValue(value, `${path}.signals.${name}`, violations);
    signals[name] = value;
  }
  for (const other of sample.others) {
    const value = readOther(other, path, violations);
    if (value !== undefined) signals[other.path] = value;
  }
  checkSignalCount(Object.keys(sample.known).length, sample.others.length, path, violations);
  return { observedAtMs, ...(clockText === undefined ? {} : { clockText }), signals };
}

function checkClock(
  { observedAtMs, clockText }: IncomingSample,
  path: string,
  violations: FindingList,
): void {
  if (!Number.isSafeInteger(observedAtMs)) {
    const description = 'no whole number of milliseconds; it must be Unix time in milliseconds';
    violations.add(`${path}.observed_at_ms`, 'NOT_MILLISECONDS', description);
  }
  if (clockText !== undefined && clockText.length > CLOCK_TEXT_MAX_LENGTH) {
    const description = `${clockText.length} characters, at most ${CLOCK_TEXT_MAX_LENGTH}: cut it`;
    violations.add(`${path}.clock_text`, 'TEXT_TOO_LONG', description);
  }
}

function checkSignalCount(known: number, others: number, path: string, violations: FindingList): void {
  if (known + others === 0) {
    const description = 'a sample must hold at least one signal: leave the sample out';
    violations.add(`${path}.signals`, 'NO_SIGNAL', description);
  }
  if (others > OTHERS_MAX_COUNT) {
    const description = `${others} signals, at most ${OTHERS_MAX_COUNT} a sample: split it into several samples`;
    violations.add(`${path}.signals.others`, 'TOO_MANY_OTHERS', description);
  }
}

/** The value of a signal that came by its path, unless it is malformed. */
function readOther(other: OtherSignal, samplePath: string, violations: FindingList): SignalValue | undefined {
  const path = `${samplePath}.signals.others[${quoted(other.path)}]`;
  const field = KNOWN_BY_PATH.get(other.path);
  if (field !== undefined) {
    violations.add(path, 'HAS_A_FIELD', `this signal has a field of its own: use signals.${field}`);
  } else if (!isVssPath(other.path)) {
    const rule = 'a path of the Vehicle Signal Specification such as Vehicle.Cabin.Seat.Row1.Occupied';
    violations.add(path, 'INVALID_SIGNAL_PATH', `no signal's name: it must be ${rule}`);
  }
  if (other.value === undefined) {
    violations.add(path, 'NO_VALUE', 'exactly one of number, flag and text must be set');
  } else {
    checkValue(other.value, path, violations);
  }
  return other.value;
}

function checkValue(value: SignalValue, path: string, violations: FindingList): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const description = `${value} is not a finite number: leave the signal out where it is unknown`;
    violations.add(path, 'NOT_FINITE', description);
  }
  if (typeof value === 'string' && value.length > TEXT_MAX_LENGTH) {
    const description = `${value.length} characters, at most ${TEXT_MAX_LENGTH}: cut it`;
    violations.add(path, 'TEXT_TOO_LONG', description);
  }
}
