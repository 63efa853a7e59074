import { BSON } from 'mongodb';
import type { Direction, Framers } from './framer.ts';

/** A MongoDB OP_MSG, byte for byte. */
export function mongoMessage(message: {
  readonly id: number;
  readonly responseTo?: number;
  readonly flags?: number;
  readonly body: BSON.Document;
  readonly sequences?: Readonly<Record<string, readonly BSON.Document[]>>;
}): Buffer {
  const { id, responseTo = 0, flags = 0, body, sequences = {} } = message;
  const kind0 = Buffer.concat([Buffer.of(0), BSON.serialize(body)]);
  const kind1 = Object.entries(sequences).map(([name, documents]) => sequence(name, documents));
  const checksum = Buffer.alloc(flags & 1 ? 4 : 0);
  return withHeader(2013, id, responseTo, Buffer.concat([int32(flags), ...kind1, kind0, checksum]));
}

/** The first message of a driver and its answer. */
export function mongoHandshake(id: number): { readonly hello: Buffer; readonly answer: Buffer } {
  const query = [
    int32(0),
    Buffer.from('admin.$cmd\0'),
    int32(0),
    int32(-1),
    BSON.serialize({ ismaster: 1, helloOk: true }),
  ];
  const answer = [int32(8), Buffer.alloc(12), int32(1), BSON.serialize({ ismaster: true, ok: 1 })];
  return {
    hello: withHeader(2004, id, 0, Buffer.concat(query)),
    answer: withHeader(1, 7_000, id, Buffer.concat(answer)),
  };
}

/** A compressed message, which the framer cannot read. */
export function compressedMessage(id: number): Buffer {
  return withHeader(2012, id, 0, Buffer.from('compressed bytes'));
}

/** A NATS message with a payload. */
export function natsMessage(line: string, payload: Uint8Array, headers?: string): Buffer {
  const head = Buffer.from(headers ?? '');
  const counts = [...(headers === undefined ? [] : [head.length]), head.length + payload.length];
  return Buffer.concat([Buffer.from(`${line} ${counts.join(' ')}\r\n`), head, payload, Buffer.from('\r\n')]);
}

/** The frames of bytes that arrive in pieces, split at these offsets. */
export function framesOf<F>(
  framers: Framers<F>,
  direction: Direction,
  bytes: Buffer,
  cuts: number[] = [],
): F[] {
  const offsets = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  return offsets.slice(1).flatMap((to, at) => framers[direction].push(bytes.subarray(offsets[at], to)));
}

function sequence(name: string, documents: readonly BSON.Document[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((each) => BSON.serialize(each))]);
  return Buffer.concat([Buffer.of(1), int32(4 + content.length), content]);
}

function withHeader(opCode: number, id: number, responseTo: number, rest: Buffer): Buffer {
  return Buffer.concat([int32(16 + rest.length), int32(id), int32(responseTo), int32(opCode), rest]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
