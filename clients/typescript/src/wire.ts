import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Method } from './call.ts';
import { Fault } from './fault.ts';
import { type Sample, VehicleReport } from './generated/odograph/telemetry/v1/report.ts';
import type { Signals } from './generated/odograph/telemetry/v1/signals.ts';
import type { ReportResult } from './generated/odograph/telemetry/v1/telemetry_ingest.ts';

/** What a vehicle reports: a `VehicleReport` of the contracts, in which signals may be left out. */
export type Report = Omit<VehicleReport, 'samples'> & {
  readonly samples: readonly (Omit<Sample, 'signals'> & { readonly signals: Partial<Signals> | undefined })[];
};

/**
 * Encodes a report once, to send it often.
 * @throws {Fault} INVALID_INPUT if a value has no wire form, such as a time that is not a whole number, or a text with
 *   half of a surrogate pair.
 */
export function encodeReport(report: Report): Uint8Array {
  try {
    const message = VehicleReport.fromPartial(report as VehicleReport);
    return VehicleReport.encode(message, new BinaryWriter(encodeText)).finish();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('INVALID_INPUT', `report ${report.reportId} cannot be encoded: ${why}`, { cause });
  }
}

const utf8 = new TextEncoder();

/** A plain encoder would write U+FFFD for half of a surrogate pair: another text, without a word. */
function encodeText(text: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return utf8.encode(text);
  throw new TypeError(`${JSON.stringify(text.slice(0, 40))} has half of a surrogate pair`);
}

/** A report as it is sent. Bytes are an encoded report and are sent as they are. */
function bytesOf(report: Report | Uint8Array): Uint8Array {
  return report instanceof Uint8Array ? report : encodeReport(report);
}

const LENGTH_DELIMITED = 2;
const VARINT = 0;

/** `ReportRequest.reports` is field 1. */
export function encodeReportRequest(reports: readonly (Report | Uint8Array)[]): Buffer {
  const writer = new BinaryWriter();
  for (const report of reports) writer.tag(1, LENGTH_DELIMITED).bytes(bytesOf(report));
  return asBuffer(writer.finish());
}

/** `ConnectRequest.batch` is field 1, with `number` as field 1 and `reports` as field 2. */
export function encodeConnectRequest(number: number, reports: readonly (Report | Uint8Array)[]): Buffer {
  const writer = new BinaryWriter();
  writer.tag(1, LENGTH_DELIMITED).fork().tag(1, VARINT).uint64(number);
  for (const report of reports) writer.tag(2, LENGTH_DELIMITED).bytes(bytesOf(report));
  return asBuffer(writer.join().finish());
}

/** A method whose requests are encoded already. */
export function withEncodedRequests<Response>(method: Method<never, Response>): Method<Buffer, Response> {
  return { ...method, requestSerialize: (request) => request };
}

/** The same memory, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Throws a Fault INTERNAL unless there is one result for each report. */
export function assertOneEach(results: readonly ReportResult[], reports: number): void {
  if (results.length === reports) return;
  throw new Fault('INTERNAL', `the server gave ${results.length} results for ${reports} reports`);
}
