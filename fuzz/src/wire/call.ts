import { type ClientHttp2Session, constants, type IncomingHttpHeaders } from 'node:http2';
import { pause } from '@odograph/kernel/clock';
import type { LagMeter } from '../lag.ts';
import type { Body } from '../messages/framing.ts';

/** The end of a call. */
export interface Answer {
  /** `answered`: with a status of gRPC, or of HTTP. `closed`: the stream or connection ended without one. */
  readonly end: 'answered' | 'closed' | 'neither in time';
  /** The status of gRPC. */
  readonly status?: number;
  readonly text: string;
  readonly tookMs: number;
  /** What was received. */
  readonly bytes: number;
}

export interface Call extends Body {
  readonly path: string;
  readonly deadlineMs: number;
  /** How many bytes of the answer to read. Default: all. */
  readonly reads?: number;
  /** Called once the first bytes of the answer are there. */
  readonly onData?: (bytes: Buffer) => void;
}

/** How long after its deadline a call may end, besides what this process and the machine were late. */
export const GRACE_MS = 1_000;

/** Calls a method and waits until the call has ended, however: never throws. */
export function call(session: ClientHttp2Session, lag: LagMeter, request: Call): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const startedAtMs = performance.now();
  const { reads = Number.POSITIVE_INFINITY } = request;
  let received: IncomingHttpHeaders = {};
  let bytes = 0;
  const end = (how: Answer['end']) => {
    const status = received['grpc-status'];
    const text = decodeURIComponentSafely(String(received['grpc-message'] ?? ''));
    const tookMs = performance.now() - startedAtMs;
    resolve({ end: how, ...(status !== undefined && { status: Number(status) }), text, tookMs, bytes });
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
    request.onData?.(chunk);
    if (bytes >= reads) stream.pause();
  });
  stream.once('close', () => {
    stopped.abort();
    end(isAnswered(received) ? 'answered' : 'closed');
  });
  const stopped = new AbortController();
  if (request.isOpen) stream.write(request.bytes);
  else stream.end(request.bytes);
  void untilLate(request.deadlineMs, lag.start(), stopped.signal).then(() => {
    if (stopped.signal.aborted) return;
    end(isAnswered(received) || Number.isFinite(reads) ? 'answered' : 'neither in time');
    stream.close(constants.NGHTTP2_CANCEL);
  });
  return promise;
}

const isAnswered = (headers: IncomingHttpHeaders) =>
  headers['grpc-status'] !== undefined || Number(headers[':status'] ?? 200) !== 200;

const headersOf = ({ path, deadlineMs, headers }: Call) => ({
  ':method': 'POST',
  ':path': path,
  'content-type': 'application/grpc',
  te: 'trailers',
  'grpc-timeout': `${deadlineMs}m`,
  ...headers,
});

/** Resolves a second after the deadline, and later if the machine was late; or at the abort. */
async function untilLate(deadlineMs: number, lateMs: () => number, signal: AbortSignal): Promise<void> {
  await pause(deadlineMs + GRACE_MS, signal);
  await pause(lateMs(), signal);
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
