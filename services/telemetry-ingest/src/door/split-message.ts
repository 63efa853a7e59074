import { WireType } from '@bufbuild/protobuf/wire';
import { FieldCursor, WireError } from '@odograph/contracts/wire/fields';
import { Fault } from '@odograph/kernel/fault';
import { LimitFault } from './limit-fault.ts';

/** What one message may hold. */
export interface MessageLimits {
  readonly maxBytes: number;
  readonly maxReports: number;
}

/** The reports of a message, each still encoded, so that one that cannot be decoded does not affect the others. */
export interface SplitReports {
  /** The bytes of each report, at most as many as the limit. */
  readonly reports: readonly Uint8Array[];
  /** Why the message is refused: it is too large, or has no report, or has too many. */
  readonly refusal: Fault | undefined;
}

/** A numbered batch of a connection. */
export interface SplitBatch extends SplitReports {
  readonly number: number;
}

/**
 * The reports of a `ReportRequest`.
 * @throws {Fault} INVALID_INPUT if the bytes are not a `ReportRequest`.
 */
export function splitReportRequest(message: Uint8Array, limits: MessageLimits): SplitReports {
  const reports = createReportList(limits, message.length);
  readFields('ReportRequest', message, {
    1: (cursor, tag) => reports.add(message, ...rangeOf(cursor, tag)),
  });
  return reports.toSplit();
}

/**
 * The batch of a `ConnectRequest`.
 * @throws {Fault} INVALID_INPUT if the bytes are not a `ConnectRequest`.
 */
export function splitConnectRequest(message: Uint8Array, limits: MessageLimits): SplitBatch {
  let number = 0;
  const reports = createReportList(limits, message.length);
  readFields('ConnectRequest', message, {
    1: (cursor, tag) => {
      const batch = message.subarray(...rangeOf(cursor, tag));
      readFields('ReportBatch', batch, {
        1: (batchCursor, batchTag) => {
          number = numberOf(batchCursor, batchTag);
        },
        2: (batchCursor, batchTag) => reports.add(batch, ...rangeOf(batchCursor, batchTag)),
      });
    },
  });
  return { number, ...reports.toSplit() };
}

/** The fault if a message is too large, or has no report, or has too many reports. */
function messageRefusal(limits: MessageLimits, bytes: number, count: number): Fault | undefined {
  if (bytes > limits.maxBytes) {
    const limit = `${limits.maxBytes} bytes a message`;
    const message = `a message of ${bytes} bytes, at most ${limit}: split it`;
    return new LimitFault('message_bytes', 'TOO_LARGE', message, { limit });
  }
  if (count === 0) {
    const description = 'a message must hold at least one report';
    const findings = [{ field: 'reports', reason: 'NO_REPORT', description }];
    return new Fault('INVALID_INPUT', description, { findings });
  }
  if (count > limits.maxReports) {
    const limit = `${limits.maxReports} reports a message`;
    const description = `${count} reports, at most ${limits.maxReports} a message: split it`;
    const findings = [{ field: 'reports', reason: 'TOO_MANY_REPORTS', description }];
    return new LimitFault('message_reports', 'INVALID_INPUT', description, { findings, limit });
  }
  return undefined;
}

function createReportList(limits: MessageLimits, messageBytes: number) {
  const reports: Uint8Array[] = [];
  let count = 0;
  return {
    add(bytes: Uint8Array, start: number, end: number) {
      count += 1;
      if (count <= limits.maxReports) reports.push(bytes.subarray(start, end));
    },
    toSplit: (): SplitReports => ({ reports, refusal: messageRefusal(limits, messageBytes, count) }),
  };
}

type ReadField = (cursor: FieldCursor, tag: number) => void;

/** Reads the given fields of a message, by number, and skips the others. */
function readFields(name: string, bytes: Uint8Array, fields: Readonly<Record<number, ReadField>>): void {
  try {
    const cursor = new FieldCursor(bytes);
    while (!cursor.isAtEnd) {
      const tag = cursor.tag();
      const read = fields[tag >>> 3];
      if (read) read(cursor, tag);
      else cursor.skip(tag);
    }
  } catch (cause) {
    if (cause instanceof WireError)
      throw new Fault('INVALID_INPUT', `the bytes are not a ${name}: ${cause.message}`, { cause });
    throw cause;
  }
}

/** The start of a length-delimited field, and the index after its end. */
function rangeOf(cursor: FieldCursor, tag: number): [start: number, end: number] {
  assertWireType(tag, WireType.LengthDelimited);
  return [cursor.delimited(), cursor.at];
}

function numberOf(cursor: FieldCursor, tag: number): number {
  assertWireType(tag, WireType.Varint);
  return cursor.varint();
}

function assertWireType(tag: number, wanted: WireType): void {
  if ((tag & 7) !== wanted) throw new WireError(`field ${tag >>> 3} has wire type ${tag & 7}, not ${wanted}`);
}
