import type { Socket } from 'node:net';
import { openSocket, type Server } from './server.ts';

/** Types of HTTP/2 frames (RFC 9113, section 6). */
export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;
export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;
/** `SETTINGS_INITIAL_WINDOW_SIZE`. */
const INITIAL_WINDOW = 4;
const HEAD_BYTES = 9;
const EMPTY = Buffer.alloc(0);

export function frameOf(type: number, flags: number, stream: number, payload: Uint8Array = EMPTY): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export function settingsOf(initialWindow: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(INITIAL_WINDOW, 0);
  payload.writeUInt32BE(initialWindow, 2);
  return frameOf(SETTINGS, 0, 0, payload);
}

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
export const resetOf = (stream: number) => frameOf(RST_STREAM, 0, stream, uint32(8));
export const windowOf = (stream: number, by: number) => frameOf(WINDOW_UPDATE, 0, stream, uint32(by));

export type Header = readonly [name: string, value: string];

/** A block of headers, each written out (RFC 7541, section 6.2.2: literal, not indexed, no Huffman code). */
export function headerBlock(headers: readonly Header[]): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, 'latin1');
    return Buffer.concat([hpackInteger(bytes.length), bytes]);
  };
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** With a prefix of 7 bits (RFC 7541, section 5.1). */
function hpackInteger(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let left = value - 127;
  for (; left >= 128; left >>= 7) bytes.push((left & 127) | 128);
  return Buffer.from([...bytes, left]);
}

/** The headers of a call of gRPC. */
export const callHeaders = (path: string, timeout = '2000m'): readonly Header[] => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':authority', 'localhost'],
  [':path', path],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ['grpc-timeout', timeout],
];

/** A socket on which the frames of HTTP/2 are written by hand. */
export interface RawConnection {
  /** Resolves when the bytes have left, or when the connection has ended. */
  send(...frames: readonly Uint8Array[]): Promise<void>;
  /** Streams that the server has ended or reset. */
  readonly ended: number;
  readonly isClosed: boolean;
  destroy(): void;
}

/** Connects, and sends the preface and `first` (default: empty settings). */
export async function openRaw(
  { port }: Server,
  first: Uint8Array = frameOf(SETTINGS, 0, 0),
): Promise<RawConnection> {
  const socket = openSocket(port);
  let ended = 0;
  countEnds(socket, () => {
    ended += 1;
  });
  const connection: RawConnection = {
    async send(...frames) {
      if (socket.destroyed) return;
      if (!socket.write(Buffer.concat(frames))) await drainedOrClosed(socket);
    },
    get ended() {
      return ended;
    },
    get isClosed() {
      return socket.destroyed;
    },
    destroy: () => socket.destroy(),
  };
  await connection.send(PREFACE, first);
  return connection;
}

function drainedOrClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

function countEnds(socket: Socket, onEnd: () => void): void {
  let buffered: Buffer = EMPTY;
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + buffered.readUIntBE(0, 3);
      if (buffered.length < end) return;
      const [type, flags] = [buffered.readUInt8(3), buffered.readUInt8(4)];
      if (type === RST_STREAM || (type <= HEADERS && flags & END_STREAM)) onEnd();
      buffered = buffered.subarray(end);
    }
  });
}
