import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { unescape as decodePercents } from 'node:querystring';
import { pause } from '@odograph/kernel/clock';

/** The end of a call. */
export interface Answer {
  /** `answered`: with a status of gRPC, or of HTTP. `closed`: the stream or connection ended without one. */
  readonly end: 'answered' | 'closed' | 'neither in time';
  /** The status of gRPC. */
  readonly status?: number;
  /** The message of the status; of a call that is late, what is known of it. */
  readonly text: string;
}

/** The body of a request: gRPC messages, each behind its five bytes of head. */
export interface Body {
  readonly bytes: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request is not closed: more would have to follow. */
  readonly isOpen?: boolean;
}

export interface Call extends Body {
  readonly path: string;
  readonly deadlineMs: number;
  /** How many bytes of the answer to read. Default: all. */
  readonly reads?: number;
}

const HEAD_BYTES = 5;
/** How long after its deadline a call may end, in two steps: a process that was late itself reads first what has arrived. */
const GRACE_MS = [4_900, 100] as const;

/** A message behind its head: a flag (1: compressed) and a length. */
export function frameMessage(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** Calls a method and waits until the call has ended, however: never throws. */
export function call(session: ClientHttp2Session, request: Call): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const { reads = Number.POSITIVE_INFINITY } = request;
  let received: IncomingHttpHeaders = {};
  let bytes = 0;
  let lastAtMs = performance.now();
  const isAnswered = () =>
    received['grpc-status'] !== undefined || Number(received[':status'] ?? 200) !== 200;
  const end = (how: Answer['end']) => {
    const status = received['grpc-status'];
    const text = decodePercents(String(received['grpc-message'] ?? ''));
    resolve({ end: how, ...(status !== undefined && { status: Number(status) }), text });
  };
  let stream: ReturnType<ClientHttp2Session['request']>;
  try {
    stream = session.request(headersOf(request), { endStream: false });
  } catch {
    end('closed');
    return promise;
  }
  const keep = (headers: IncomingHttpHeaders) => {
    received = { ...received, ...headers };
  };
  stream.on('response', keep).on('trailers', keep);
  // The reason is in the status, or there is none.
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    lastAtMs = performance.now();
    if (bytes >= reads) stream.pause();
  });
  const ended = new AbortController();
  stream.once('close', () => {
    ended.abort();
    end(isAnswered() ? 'answered' : 'closed');
  });
  if (request.isOpen) stream.write(request.bytes);
  else stream.end(request.bytes);
  void untilLate(request.deadlineMs, ended.signal).then(() => {
    if (isAnswered() || Number.isFinite(reads)) end('answered');
    else {
      const quietMs = performance.now() - lastAtMs;
      resolve({ end: 'neither in time', text: describeLate(session, stream, { received, bytes, quietMs }) });
    }
    if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
  });
  return promise;
}

/** What came of an answer. */
interface Came {
  readonly received: IncomingHttpHeaders;
  readonly bytes: number;
  /** Since the last of them, or since the call. */
  readonly quietMs: number;
}

/** What tells a call that the server never read from one whose answer was lost. */
function describeLate(
  session: ClientHttp2Session,
  stream: ClientHttp2Stream,
  { received, bytes, quietMs }: Came,
): string {
  const headers = received[':status'] === undefined ? 'no headers came' : 'headers came and no status';
  const { state } = stream.state;
  // nghttp2 forgets a stream that is closed, and Node calls that idle.
  const isGone =
    !stream.pending &&
    (state === constants.NGHTTP2_STREAM_STATE_IDLE || state === constants.NGHTTP2_STREAM_STATE_CLOSED);
  const connection = session.closed || session.destroyed ? 'ended' : 'open';
  const flow = `${bytes} bytes came, the last ${quietMs.toFixed(0)} ms ago`;
  return `${headers}, its stream is ${isGone ? 'closed' : 'open'}, its connection ${connection}, ${flow}`;
}

const headersOf = ({ path, deadlineMs, headers }: Call) => ({
  ':method': 'POST',
  ':path': path,
  'content-type': 'application/grpc',
  te: 'trailers',
  'grpc-timeout': `${deadlineMs}m`,
  ...headers,
});

async function untilLate(deadlineMs: number, signal: AbortSignal): Promise<void> {
  await pause(deadlineMs + GRACE_MS[0], signal);
  await pause(GRACE_MS[1], signal);
}
