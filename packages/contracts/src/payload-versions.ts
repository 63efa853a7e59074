import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Fault } from '@odograph/kernel/fault';
import { writeBytes } from './write-bytes.ts';

/** Encodes and decodes a message; generated code has this shape. */
interface MessageCodec<P> {
  encode(message: P, writer: BinaryWriter): BinaryWriter;
  decode(bytes: Uint8Array): P;
}

/**
 * All versions of the payload of one event type.
 * Stored events are never rewritten: a payload is decoded in its own version, then one upcaster for each later version
 * converts it to the newest one.
 */
export interface PayloadVersions<P> {
  /** The version in which payloads are written. */
  readonly newest: number;
  /** Decodes a payload of any version from 1 to the newest, and converts it to the newest. */
  decode(version: number, bytes: Uint8Array): P;
  /** Encodes a payload in the newest version. */
  encode(payload: P): Uint8Array;
  /** Adds the next version. Its upcaster converts the previous version; it is pure, never throws and never changes. */
  upcastTo<Q>(codec: MessageCodec<Q>, upcast: (older: P) => Q): PayloadVersions<Q>;
}

/** The versions of a payload, starting with version 1. */
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
