import { WireType } from '@bufbuild/protobuf/wire';
import { FieldCursor, WireError } from '@odograph/contracts/wire/fields';
import { Fault } from '@odograph/kernel/fault';
import { LimitFault } from '@odograph/kernel/limit-fault';

/** What one message may hold. */
export interface MessageLimits {
  readonly maxBytes: number;
  readonly maxReports: number;
}

/** The reports of a message, each still encoded, so that one that cannot be decoded does not affect the others. */
export interface SplitReports {
  /** The bytes of each report; none if the message is refused. */
  readonly reports: readonly Uint8Array[];
  /** The size of the message; 0 if it is refused, because then nothing of it is kept. */
  readonly bytes: number;
  /** Why the message is refused: it is too large, or has no report, or has too many. */
  readonly refusal: Fault | undefined;
}

/** A numbered batch of a connection. */
export interface SplitBatch extends SplitReports {
  readonly number: number;
}

/**
 * The reports of a `ReportRequest`. The fields of a message over a limit are not read further.
 * @throws {Fault} INVALID_INPUT if the bytes are not a `ReportRequest`.
 */
export function splitReportRequest(message: Uint8Array, limits: MessageLimits): SplitReports {
  const bytes = message.length;
  if (bytes > limits.maxBytes) return refused(tooLarge(bytes, limits));
  const reports: Uint8Array[] = [];
  readFields('ReportRequest', message, {
    isEnough: () => reports.length > limits.maxReports,
    1: (cursor, tag) => reports.push(message.subarray(...rangeOf(cursor, tag))),
  });
  return checked(reports, bytes, limits);
}

/**
 * The batch of a `ConnectRequest`. The fields of a message over a limit are read only up to its number, which is the first
 * field as every generated client writes it.
 * @throws {Fault} INVALID_INPUT if the bytes are not a `ConnectRequest`.
 */
export function splitConnectRequest(message: Uint8Array, limits: MessageLimits): SplitBatch {
  const bytes = message.length;
  const isTooLarge = bytes > limits.maxBytes;
  const reports: Uint8Array[] = [];
  let number = 0;
  const isEnough = () => reports.length > limits.maxReports || (isTooLarge && number > 0);
  readFields('ConnectRequest', message, {
    isEnough,
    1: (cursor, tag) => {
      const batch = message.subarray(...rangeOf(cursor, tag));
      readFields('ReportBatch', batch, {
        isEnough,
        1: (batchCursor, batchTag) => {
          number = numberOf(batchCursor, batchTag);
        },
        2: (batchCursor, batchTag) => reports.push(batch.subarray(...rangeOf(batchCursor, batchTag))),
      });
    },
  });
  if (isTooLarge) return { number, ...refused(tooLarge(bytes, limits)) };
  return { number, ...checked(reports, bytes, limits) };
}

function checked(reports: readonly Uint8Array[], bytes: number, { maxReports }: MessageLimits): SplitReports {
  if (reports.length === 0) return refused(noReport());
  if (reports.length > maxReports) return refused(tooManyReports(maxReports));
  return { reports, bytes, refusal: undefined };
}

function refused(refusal: Fault): SplitReports {
  return { reports: [], bytes: 0, refusal };
}

function tooLarge(bytes: number, { maxBytes }: MessageLimits): Fault {
  const limit = `${maxBytes} bytes a message`;
  const message = `a message of ${bytes} bytes, at most ${limit}: split it`;
  return new LimitFault('message_bytes', 'TOO_LARGE', message, { limit });
}

function noReport(): Fault {
  const description = 'a message must hold at least one report';
  const findings = [{ field: 'reports', reason: 'NO_REPORT', description }];
  return new Fault('INVALID_INPUT', description, { findings });
}

function tooManyReports(maxReports: number): Fault {
  const limit = `${maxReports} reports a message`;
  const description = `more than ${limit}: split it`;
  const findings = [{ field: 'reports', reason: 'TOO_MANY_REPORTS', description }];
  return new LimitFault('message_reports', 'INVALID_INPUT', description, { findings, limit });
}

type ReadField = (cursor: FieldCursor, tag: number) => void;

interface Fields extends Readonly<Record<number, ReadField>> {
  /** Whether the fields that follow are not wanted any more. */
  readonly isEnough: () => boolean;
}

/** Reads the given fields of a message, by number, and skips the others. */
function readFields(name: string, bytes: Uint8Array, fields: Fields): void {
  try {
    const cursor = new FieldCursor(bytes);
    while (!cursor.isAtEnd && !fields.isEnough()) {
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
