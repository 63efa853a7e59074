/** Types of HTTP/2 frames (RFC 9113, section 6). */
export const TYPE = {
  ...{
    DATA: 0,
    HEADERS: 1,
    PRIORITY: 2,
    RST_STREAM: 3,
    SETTINGS: 4,
    PING: 6,
    GOAWAY: 7,
    WINDOW_UPDATE: 8,
    CONTINUATION: 9,
  },
} as const;
export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;
/** `SETTINGS_INITIAL_WINDOW_SIZE`. */
const INITIAL_WINDOW = 4;
const CANCEL = 8;
const HEAD_BYTES = 9;

export function frameOf(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function settingsOf(initialWindow: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(INITIAL_WINDOW, 0);
  payload.writeUInt32BE(initialWindow, 2);
  return frameOf(TYPE.SETTINGS, 0, 0, payload);
}

/** Lets the peer send more bytes, on a stream or, with 0, on the connection. */
export function windowOf(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frameOf(TYPE.WINDOW_UPDATE, 0, stream, payload);
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** The start of a connection with the usual settings. */
export const HELLO = Buffer.concat([PREFACE, frameOf(TYPE.SETTINGS, 0, 0)]);

export function resetOf(stream: number): Buffer {
  return frameOf(TYPE.RST_STREAM, 0, stream, Buffer.from([0, 0, 0, CANCEL]));
}

export type Header = readonly [name: string, value: string];

/** Headers, each written out (RFC 7541, section 6.2.2: literal, not indexed, no Huffman code). */
export function headerBlock(headers: readonly Header[]): Buffer {
  const text = (value: string) => Buffer.concat([hpackInteger(value.length), Buffer.from(value, 'latin1')]);
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** Headers that HPACK repeats: the first block puts a header into the table, and each byte of each block has it again. */
export function repeatedHeaders(path: string, timeout: string, [name, value]: Header, times: number) {
  const literal = headerBlock([[name, value]]);
  // Literal with incremental indexing (RFC 7541, section 6.2.1).
  literal.writeUInt8(0x40, 0);
  // The newest entry of the table, behind the 61 that every table has.
  const again = Buffer.alloc(times, 0x80 | 62);
  const usual = headerBlock(callHeaders(path, timeout));
  const open = (stream: number, ...blocks: readonly Buffer[]) =>
    frameOf(TYPE.HEADERS, END_HEADERS, stream, Buffer.concat([usual, ...blocks]));
  return {
    first: (stream: number) => open(stream, literal, again),
    further: (stream: number) => open(stream, again),
  };
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
export const callHeaders = (path: string, timeout: string): readonly Header[] => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':authority', 'localhost'],
  [':path', path],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ['grpc-timeout', timeout],
];

/** Opens a stream with a call. */
export const opening = (stream: number, path: string, timeout = '2S', ...more: readonly Header[]): Buffer =>
  frameOf(TYPE.HEADERS, END_HEADERS, stream, headerBlock([...callHeaders(path, timeout), ...more]));
