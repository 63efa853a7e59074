import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { Fault } from '@odograph/kernel/fault';

/** What one message may hold. */
export interface MessageLimits {
  readonly maxBytes: number;
  readonly maxReports: number;
}

/** A message's reports, each still in its own bytes, so that one which cannot be decoded spoils no other. */
export interface SlicedReports {
  /** How many there are, … */
  readonly count: number;
  /** … and their bytes; of too many, only as many as the limit. */
  readonly slices: readonly Uint8Array[];
}

/** A numbered batch of a connection. */
export interface SlicedBatch extends SlicedReports {
  readonly number: number;
}

/** The reports of a `ReportRequest`. Throws a Fault INVALID_INPUT when the bytes are none. */
export function sliceReportRequest(message: Uint8Array, limits: MessageLimits): SlicedReports {
  const reports = createSlices(limits.maxReports);
  readFields('ReportRequest', message, {
    1: (reader, wireType) => reports.add(message, ...rangeOf(reader, wireType)),
  });
  return reports.sliced();
}

/** The batch of a `ConnectRequest`. Throws a Fault INVALID_INPUT when the bytes are none. */
export function sliceConnectRequest(message: Uint8Array, limits: MessageLimits): SlicedBatch {
  let number = 0;
  const reports = createSlices(limits.maxReports);
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
  return { number, ...reports.sliced() };
}

/** Throws a Fault where a message is larger than it may be, or holds no report or too many. */
export function assertWithin(limits: MessageLimits, bytes: number, count: number): void {
  if (bytes > limits.maxBytes) {
    const limit = `${limits.maxBytes} bytes a message`;
    throw new Fault('TOO_LARGE', `a message of ${bytes} bytes, at most ${limit}: split it`, { limit });
  }
  if (count === 0) throw countFault('NO_REPORT', 'a message must hold at least one report');
  if (count > limits.maxReports) {
    const description = `${count} reports, at most ${limits.maxReports} a message: split it`;
    throw countFault('TOO_MANY_REPORTS', description, `${limits.maxReports} reports a message`);
  }
}

function countFault(reason: string, description: string, limit?: string): Fault {
  const violations = [{ field: 'reports', reason, description }];
  return new Fault('INVALID_INPUT', description, { violations, ...(limit === undefined ? {} : { limit }) });
}

function createSlices(max: number) {
  const slices: Uint8Array[] = [];
  let count = 0;
  return {
    add(bytes: Uint8Array, start: number, end: number) {
      count += 1;
      if (count <= max) slices.push(bytes.subarray(start, end));
    },
    sliced: (): SlicedReports => ({ count, slices }),
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
