import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { Fault } from '@odograph/kernel/fault';
import { LimitFault } from './limit-fault.ts';

/** What one message may hold. */
export interface MessageLimits {
  readonly maxBytes: number;
  readonly maxReports: number;
}

/** A message's reports, each still in its own bytes, so that one which cannot be decoded spoils no other. */
export interface SplitReports {
  /** How many there are, … */
  readonly count: number;
  /** … and their bytes; of too many, only as many as the limit. */
  readonly reports: readonly Uint8Array[];
}

/** A numbered batch of a connection. */
export interface SplitBatch extends SplitReports {
  readonly number: number;
}

/** The reports of a `ReportRequest`. Throws a Fault INVALID_INPUT when the bytes are none. */
export function splitReportRequest(message: Uint8Array, limits: MessageLimits): SplitReports {
  const reports = createReportList(limits.maxReports);
  readFields('ReportRequest', message, {
    1: (reader, wireType) => reports.add(message, ...rangeOf(reader, wireType)),
  });
  return reports.toSplit();
}

/** The batch of a `ConnectRequest`. Throws a Fault INVALID_INPUT when the bytes are none. */
export function splitConnectRequest(message: Uint8Array, limits: MessageLimits): SplitBatch {
  let number = 0;
  const reports = createReportList(limits.maxReports);
  readFields('ConnectRequest', message, {
    1: (reader, wireType) => {
      const batch = message.subarray(...rangeOf(reader, wireType));
      readFields('ReportBatch', batch, {
        1: (batchReader, batchWireType) => {
          number = numberOf(batchReader, batchWireType);
        },
        2: (batchReader, batchWireType) => reports.add(batch, ...rangeOf(batchReader, batchWireType)),
      });
    },
  });
  return { number, ...reports.toSplit() };
}

/** Throws a Fault where a message is larger than it may be, or holds no report or too many. */
export function assertWithin(limits: MessageLimits, bytes: number, count: number): void {
  if (bytes > limits.maxBytes) {
    const limit = `${limits.maxBytes} bytes a message`;
    const message = `a message of ${bytes} bytes, at most ${limit}: split it`;
    throw new LimitFault('message_bytes', 'TOO_LARGE', message, { limit });
  }
  if (count === 0) {
    const description = 'a message must hold at least one report';
    const violations = [{ field: 'reports', reason: 'NO_REPORT', description }];
    throw new Fault('INVALID_INPUT', description, { violations });
  }
  if (count > limits.maxReports) {
    const limit = `${limits.maxReports} reports a message`;
    const description = `${count} reports, at most ${limits.maxReports} a message: split it`;
    const violations = [{ field: 'reports', reason: 'TOO_MANY_REPORTS', description }];
    throw new LimitFault('message_reports', 'INVALID_INPUT', description, { violations, limit });
  }
}

function createReportList(max: number) {
  const reports: Uint8Array[] = [];
  let count = 0;
  return {
    add(bytes: Uint8Array, start: number, end: number) {
      count += 1;
      if (count <= max) reports.push(bytes.subarray(start, end));
    },
    toSplit: (): SplitReports => ({ count, reports }),
  };
}

type ReadField = (reader: BinaryReader, wireType: WireType) => void;

/** Reads a message by its known fields and skips the others, as protobuf wants it. */
function readFields(name: string, bytes: Uint8Array, fields: Readonly<Record<number, ReadField>>): void {
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      const read = fields[field];
      if (read) read(reader, wireType);
      else reader.skip(wireType, field);
    }
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('INVALID_INPUT', `the bytes are no ${name}: ${why}`, { cause });
  }
}

/** Where a length-delimited field begins and ends; the reader goes past it. */
function rangeOf(reader: BinaryReader, wireType: WireType): [start: number, end: number] {
  if (wireType !== WireType.LengthDelimited) throw new Error(`illegal wire type ${wireType}`);
  const length = reader.uint32();
  const start = reader.pos;
  reader.pos += length;
  if (reader.pos > reader.len) throw new RangeError('premature end');
  return [start, reader.pos];
}

function numberOf(reader: BinaryReader, wireType: WireType): number {
  if (wireType !== WireType.Varint) throw new Error(`illegal wire type ${wireType}`);
  return Number(reader.uint64());
}
