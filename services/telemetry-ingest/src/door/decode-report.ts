import { BinaryReader } from '@bufbuild/protobuf/wire';
import { contracts } from '@odograph/contracts/descriptors';
import { knownToDomain } from '@odograph/contracts/generated/known-signals';
import { type Sample, VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import type { Signals } from '@odograph/contracts/generated/odograph/telemetry/v1/signals';
import { largeIntegersIn } from '@odograph/contracts/large-integers';
import type { Finding } from '@odograph/kernel/finding';
import type { IncomingReport, IncomingSample, OtherSignal } from '../domain/report.ts';

/** A decoded report, or why it cannot be decoded. */
type DecodedReport =
  | { readonly isDecoded: true; readonly wire: VehicleReport; readonly report: IncomingReport }
  | { readonly isDecoded: false; readonly finding: Finding };

/** The events of a report must fit one envelope, also when each of its signals is set aside with a reason. */
export const REPORT_MAX_BYTES = 256 * 1024;

const REPORT_TYPE = contracts.getMessage('odograph.telemetry.v1.VehicleReport');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes one report. Never throws: bytes that are not a report are a finding. */
export function decodeReport(bytes: Uint8Array): DecodedReport {
  if (bytes.length > REPORT_MAX_BYTES) {
    const description = `${bytes.length} bytes, at most ${REPORT_MAX_BYTES} a report: split it into several reports`;
    return { isDecoded: false, finding: { field: '', reason: 'REPORT_TOO_LARGE', description } };
  }
  try {
    const reader = new BinaryReader(bytes, (text) => utf8.decode(text));
    const wire = VehicleReport.decode(reader);
    if (reader.pos !== reader.len) throw new Error(`ends at byte ${reader.pos} of ${reader.len}`);
    return { isDecoded: true, wire, report: toIncoming(wire) };
  } catch (error) {
    return { isDecoded: false, finding: findingOf(error, bytes) };
  }
}

/** The only integer of a report is a time. One that is too large is most likely in nanoseconds. */
function findingOf(error: unknown, bytes: Uint8Array): Finding {
  const [large] = REPORT_TYPE ? largeIntegersIn(REPORT_TYPE, bytes) : [];
  if (large) {
    const description = 'is far out of range: it must be Unix time in milliseconds';
    return { field: large.field, reason: 'NOT_MILLISECONDS', description };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { field: '', reason: 'WRONG_BYTES', description: `the bytes are not a VehicleReport: ${message}` };
}

function toIncoming({ vehicleId, reportId, vin, samples }: VehicleReport): IncomingReport {
  return { vehicleId, reportId, vin, samples: samples.map(toIncomingSample) };
}

function toIncomingSample({ observedAtMs, clockText, signals }: Sample): IncomingSample {
  const known = signals === undefined ? {} : knownToDomain(signals);
  const others = signals === undefined ? [] : othersOf(signals.others);
  // An empty text counts as none: some clients cannot leave a text out.
  return { observedAtMs, clockText: clockText || undefined, known, others };
}

function othersOf(wire: Signals['others']): readonly OtherSignal[] {
  const others = Object.keys(wire).map((path) => ({ path, value: wire[path]?.kind?.value }));
  // For this name the generated decoder sets the prototype instead of a key, although the signal was sent.
  const hidden = Object.getPrototypeOf(wire) !== Object.prototype;
  return hidden ? [...others, { path: '__proto__', value: undefined }] : others;
}
