import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Fault } from '@odograph/kernel/fault';

/**
 * The first byte of each message of a stream. The second one is its form:
 *
 * - 1, plain: the bytes of an `Envelope`
 * - 2, zstd: their length (4 bytes, little-endian), then the bytes as one zstd frame
 */
const MARK = 0xd0;
const FORM = { plain: 1, zstd: 2 } as const;

const PLAIN_HEADER_BYTES = 2;
const ZSTD_HEADER_BYTES = 6;

/** Half of the bytes of level 3 in less time; higher levels gain nothing on envelopes. */
const LEVEL = 1;
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } };

/** The most bytes that an envelope may have when it is unpacked. Checked before any of them is. */
export const MAX_UNPACKED_BYTES = 1024 * 1024;

/** The message of an envelope, for the stream, the log and its followers alike: compressed if that makes it smaller. */
export function packEnvelope(entries: readonly Uint8Array[]): Buffer {
  const plain = Buffer.concat(entries);
  const frame = zstdCompressSync(plain, COMPRESSION);
  if (ZSTD_HEADER_BYTES + frame.length >= PLAIN_HEADER_BYTES + plain.length) {
    return Buffer.concat([Buffer.of(MARK, FORM.plain), plain]);
  }
  const header = Buffer.of(MARK, FORM.zstd, 0, 0, 0, 0);
  header.writeUInt32LE(plain.length, PLAIN_HEADER_BYTES);
  return Buffer.concat([header, frame]);
}

/**
 * The bytes of the `Envelope` in a message, in memory of their own: a tail keeps them, and they must not keep more alive.
 * @throws {Fault} CORRUPT_LOG if the message is not an envelope; UNAVAILABLE if only a newer program knows its form.
 */
export function unpackEnvelope(message: Uint8Array): Buffer {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (bytes[0] !== MARK || bytes.length < PLAIN_HEADER_BYTES) throw notAnEnvelope();
  const form = bytes[1];
  if (form === FORM.plain) return alone(bytes.subarray(PLAIN_HEADER_BYTES));
  if (form === FORM.zstd) return alone(decompress(bytes));
  throw new Fault('UNAVAILABLE', `an envelope has form ${form}, which this program does not know: update it`);
}

/** Whether only a newer program knows the form of a message. */
export function hasUnknownForm([mark, form]: Uint8Array): boolean {
  return mark === MARK && form !== undefined && form !== FORM.plain && form !== FORM.zstd;
}

/** How many bytes {@link unpackEnvelope} gives, from the header alone. Those of the message if it cannot be unpacked. */
export function unpackedLength(message: Uint8Array): number {
  if (message[0] !== MARK || message[1] !== FORM.zstd || message.length < ZSTD_HEADER_BYTES)
    return message.length;
  const length = Buffer.from(message.buffer, message.byteOffset).readUInt32LE(PLAIN_HEADER_BYTES);
  return length > MAX_UNPACKED_BYTES ? message.length : length;
}

function decompress(bytes: Buffer): Buffer {
  if (bytes.length < ZSTD_HEADER_BYTES) throw notAnEnvelope();
  const length = bytes.readUInt32LE(PLAIN_HEADER_BYTES);
  if (length > MAX_UNPACKED_BYTES) {
    throw new Fault('CORRUPT_LOG', `an envelope of ${length} bytes, at most ${MAX_UNPACKED_BYTES}`);
  }
  // With one byte more the decoder needs no second round to see the end.
  const limits = { maxOutputLength: Math.max(1, length), chunkSize: Math.max(64, length + 1) };
  let plain: Buffer;
  try {
    plain = zstdDecompressSync(bytes.subarray(ZSTD_HEADER_BYTES), limits);
  } catch (cause) {
    throw notAnEnvelope(cause);
  }
  if (plain.length !== length) throw notAnEnvelope();
  return plain;
}

/** What an allocation may have beside the bytes. */
const SLACK_BYTES = 64;

/** A copy outside of Node's pool if the bytes are a small part of a larger allocation. */
function alone(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength <= bytes.length + SLACK_BYTES) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

function notAnEnvelope(cause?: unknown): Fault {
  return new Fault('CORRUPT_LOG', 'the message is not an envelope', { cause });
}
