import { gzipSync } from 'node:zlib';
import type { Random } from '@odograph/kernel/random';
import { type Body, frameMessage } from '../wire/call.ts';

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const append =
  (tail: Uint8Array): Mutation =>
  (bytes) =>
    Buffer.concat([bytes, tail]);

/** Field 15 as a group: a decoder that skips groups by recursion needs as many stack frames as groups are in each other. */
const [GROUP_START, GROUP_END, DEEP] = [0x7b, 0x7c, 20_000];
const DEEP_GROUPS = Buffer.concat([Buffer.alloc(DEEP, GROUP_START), Buffer.alloc(DEEP, GROUP_END)]);

export const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  /** Cut off. */
  (bytes, { index }) => bytes.subarray(0, index(bytes.length + 1)),
  /** Bits flipped. */
  (bytes, { index }) => {
    const flipped = Buffer.from(bytes);
    for (let count = 1 + index(8); count > 0 && bytes.length > 0; count -= 1) {
      const at = index(bytes.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << index(8));
    }
    return flipped;
  },
  /** Bytes put in. */
  (bytes, { index }) => {
    const at = index(bytes.length + 1);
    const drawn = Buffer.from(Array.from({ length: 1 + index(16) }, () => index(256)));
    return Buffer.concat([bytes.subarray(0, at), drawn, bytes.subarray(at)]);
  },
  /** Twice. */
  (bytes) => Buffer.concat([bytes, bytes]),
  /** An unknown field, field 0, a varint without end, a group without end, groups within groups. */
  append(Buffer.from([0xf2, 0x7f, 3, 1, 1, 1])),
  append(Buffer.from([0x00, 0x01])),
  append(Buffer.alloc(20, 0xff)),
  append(Buffer.from([GROUP_START, 0x08, 0x01])),
  append(DEEP_GROUPS),
];

type Framing = (message: Uint8Array, random: Random) => Body;

const GZIP = { 'grpc-encoding': 'gzip' };
/** 64 MiB in 64 KiB. */
const BOMB = frameMessage(gzipSync(Buffer.alloc(64 * 1024 * 1024)), 1);

/** What is around a message: its head, its compression, its end. */
export const FRAMINGS: readonly [Framing, ...Framing[]] = [
  (message) => ({ bytes: frameMessage(gzipSync(message), 1), headers: GZIP }),
  /** Not gzip, gzip that no header announces, and what grows when it is unpacked. */
  (message) => ({ bytes: frameMessage(message, 1), headers: GZIP }),
  (message) => ({ bytes: frameMessage(gzipSync(message), 1) }),
  () => ({ bytes: BOMB, headers: GZIP }),
  /** An unknown compression, an unknown flag. */
  (message) => ({ bytes: frameMessage(message, 1), headers: { 'grpc-encoding': 'br' } }),
  (message, { index }) => ({ bytes: frameMessage(message, 2 + index(254)) }),
  /** Two messages, none, half a head. */
  (message) => ({ bytes: Buffer.concat([frameMessage(message), frameMessage(message)]) }),
  () => ({ bytes: Buffer.alloc(0) }),
  (message) => ({ bytes: frameMessage(message).subarray(0, 3) }),
  /** Another length than that of the message, and a message without its end. */
  (message) => ({ bytes: frameMessage(message, 0, message.length >> 1) }),
  (message) => ({ bytes: frameMessage(message, 0, message.length + 1) }),
  (message) => ({ bytes: frameMessage(message, 0, 0xff_ff_ff_ff) }),
  (message) => ({ bytes: frameMessage(message, 0, message.length + 1), isOpen: true }),
];
