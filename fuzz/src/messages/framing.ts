import { gzipSync } from 'node:zlib';
import type { Random } from '@odograph/kernel/random';

/** The body of a request: gRPC messages, each behind its five bytes of head. */
export interface Body {
  readonly bytes: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request is not closed: more would have to follow. */
  readonly isOpen?: boolean;
}

const HEAD_BYTES = 5;

/** A message behind its head: a flag (1: compressed) and a length. */
export function frameMessage(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

const GZIP = { 'grpc-encoding': 'gzip' };
/** Compresses to 64 KiB. */
const BOMB_BYTES = 64 * 1024 * 1024;
let bomb: Buffer | undefined;

const FRAMINGS: Readonly<Record<string, (message: Uint8Array, random: Random) => Body>> = {
  plain: (message) => ({ bytes: frameMessage(message) }),
  gzip: (message) => ({ bytes: frameMessage(gzipSync(message), 1), headers: GZIP }),
  'gzip that is none': (message) => ({ bytes: frameMessage(message, 1), headers: GZIP }),
  'gzip without its header': (message) => ({ bytes: frameMessage(gzipSync(message), 1) }),
  'a gzip bomb': () => {
    bomb ??= gzipSync(Buffer.alloc(BOMB_BYTES));
    return { bytes: frameMessage(bomb, 1), headers: GZIP };
  },
  'an unknown encoding': (message) => ({
    bytes: frameMessage(message, 1),
    headers: { 'grpc-encoding': 'br' },
  }),
  'an unknown flag': (message, random) => ({ bytes: frameMessage(message, 2 + random.index(254)) }),
  'two messages': (message) => ({ bytes: Buffer.concat([frameMessage(message), frameMessage(message)]) }),
  'no message': () => ({ bytes: Buffer.alloc(0) }),
  'half a head': (message) => ({ bytes: frameMessage(message).subarray(0, 3) }),
  'said too short': (message) => ({ bytes: frameMessage(message, 0, message.length >> 1) }),
  'said too long': (message) => ({ bytes: frameMessage(message, 0, message.length + 1) }),
  'said 4 GiB': (message) => ({ bytes: frameMessage(message, 0, 0xff_ff_ff_ff) }),
  'never finished': (message) => ({ bytes: frameMessage(message, 0, message.length + 1), isOpen: true }),
};

export const FRAMING_NAMES = Object.keys(FRAMINGS) as [string, ...string[]];

export function frame(name: string, message: Uint8Array, random: Random): Body {
  return FRAMINGS[name]?.(message, random) ?? { bytes: frameMessage(message) };
}
