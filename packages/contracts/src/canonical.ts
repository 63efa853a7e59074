import { hash } from 'node:crypto';
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { assertNoneMissing } from './exhaustive.ts';
import { SIGNAL_FIELDS } from './generated/known-signals.ts';
import type { Sample, VehicleReport } from './generated/odograph/telemetry/v1/report.ts';
import type { Signals, SignalValue } from './generated/odograph/telemetry/v1/signals.ts';
import { writeBytes } from './write-bytes.ts';

/** The content of a report, without its id and without the time it was received. A VehicleReport is one. */
export interface ReportContent {
  readonly vehicleId?: string;
  readonly vin?: string | undefined;
  readonly samples: readonly Sample[];
}

const HASH_BYTES = 16;

/**
 * The first 16 bytes of the SHA-256 of the canonical content: equal for two reports with the same content.
 * It ignores the order of a map and the sign of a zero, but not the order of the samples.
 * Never change the encoding: each report that is sent again would become a conflict.
 */
export function contentHash(report: ReportContent): Buffer {
  // As hex, because Node makes a string in half the time of a Buffer.
  const digest = hash(
    'sha256',
    writeBytes((writer) => writeContent(report, writer)),
    'hex',
  );
  return Buffer.from(digest.slice(0, 2 * HASH_BYTES), 'hex');
}

/** The number before each part of the content, so that two different contents never have the same bytes. */
const NEXT = { end: 0, vin: 1, clockText: 2, other: 3, number: 4, flag: 5, text: 6, firstField: 16 };

/**
 * If one of these does not compile, a message has a field that the hash ignores: two reports that differ only in it would
 * have one hash, and one of them would be lost. Write the field into the content, then list it here.
 */
assertNoneMissing<Exclude<keyof VehicleReport, 'reportId' | 'vehicleId' | 'vin' | 'samples'>>();
assertNoneMissing<Exclude<keyof Sample, 'observedAtMs' | 'clockText' | 'signals'>>();

function writeContent({ vehicleId, vin, samples }: ReportContent, writer: BinaryWriter): void {
  writer.string(vehicleId ?? '');
  if (vin !== undefined) writer.uint32(NEXT.vin).string(vin);
  writer.uint32(NEXT.end).uint32(samples.length);
  for (const sample of samples) writeSample(sample, writer);
}

function writeSample({ observedAtMs, clockText, signals }: Sample, writer: BinaryWriter): void {
  writer.double(unsigned(observedAtMs));
  if (clockText !== undefined) writer.uint32(NEXT.clockText).string(clockText);
  if (signals !== undefined) {
    writeFields(signals, writer);
    writeOthers(signals.others, writer);
  }
  writer.uint32(NEXT.end);
}

function writeFields(signals: Signals, writer: BinaryWriter): void {
  for (let at = 0; at < SIGNAL_FIELDS.length; at += 1) {
    const value = signals[SIGNAL_FIELDS[at] as (typeof SIGNAL_FIELDS)[number]];
    if (value === undefined) continue;
    writer.uint32(NEXT.firstField + at);
    if (typeof value === 'number') writer.double(unsigned(value));
    else writer.bool(value);
  }
}

function writeOthers(others: Signals['others'], writer: BinaryWriter): void {
  const names = Object.keys(others);
  if (names.length > 1) names.sort();
  for (const name of names) {
    writer.uint32(NEXT.other).string(name);
    writeKind(others[name]?.kind, writer);
  }
}

function writeKind(kind: SignalValue['kind'], writer: BinaryWriter): void {
  if (kind === undefined) writer.uint32(NEXT.end);
  else if (kind.$case === 'number') writer.uint32(NEXT.number).double(unsigned(kind.value));
  else if (kind.$case === 'flag') writer.uint32(NEXT.flag).bool(kind.value);
  else writer.uint32(NEXT.text).string(kind.value);
}

/** Minus zero becomes zero; every other number stays. */
function unsigned(value: number): number {
  return value + 0;
}
