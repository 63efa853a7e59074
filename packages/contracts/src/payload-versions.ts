import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Fault } from '@odograph/kernel/fault';
import { writeBytes } from './write-bytes.ts';

/** How a message is written and read; generated code has this form. */
export interface MessageCodec<P> {
  encode(message: P, writer: BinaryWriter): BinaryWriter;
  decode(bytes: Uint8Array): P;
}

/**
 * Every form that the payload of one type of event ever had, from version 1.
 * Stored events are never rewritten: a payload is read in the form it was written in,
 * then brought to the newest one by one upcaster a version.
 */
export interface PayloadVersions<P> {
  /** The version written today. */
  readonly newest: number;
  /** Reads a payload of any version from 1 to the newest as the newest. */
  decode(version: number, bytes: Uint8Array): P;
  /** Writes a payload in the newest version. */
  encode(payload: P): Uint8Array;
  /** Adds the next version, with the upcaster that makes it of the one before: pure, total, and never changed again. */
  upcastTo<Q>(codec: MessageCodec<Q>, upcast: (older: P) => Q): PayloadVersions<Q>;
}

/** The history of a payload's form, begun with version 1. */
export function firstVersion<P>(codec: MessageCodec<P>): PayloadVersions<P> {
  return versions(1, codec, (version) => {
    throw new Fault('CORRUPT_LOG', `payload version ${version} was never written`);
  });
}

function versions<P>(
  newest: number,
  codec: MessageCodec<P>,
  decodeOlder: (version: number, bytes: Uint8Array) => P,
): PayloadVersions<P> {
  const decode = (version: number, bytes: Uint8Array): P =>
    version === newest ? codec.decode(bytes) : decodeOlder(version, bytes);
  return {
    newest,
    decode,
    encode: (payload) => writeBytes((writer) => codec.encode(payload, writer)),
    upcastTo: (nextCodec, upcast) =>
      versions(newest + 1, nextCodec, (version, bytes) => upcast(decode(version, bytes))),
  };
}
