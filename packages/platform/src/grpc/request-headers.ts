import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { Fault } from '@odograph/kernel/fault';
import type { Logger } from '../logger.ts';
import { onHeaders } from './grpc-internals.ts';
import { toServiceError } from './status.ts';

/** Of the headers of a call, as RFC 9113 (6.5.2) counts them. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** For each of them, besides its name and value. */
const HEADER_BYTES = 32;
/** Of all others grpc-js would make objects that no method reads, many for one byte that HPACK repeats. */
const USED = [
  ...[':method', ':scheme', ':authority', ':path', 'host', 'content-type', 'te', 'traceparent'],
  ...['grpc-timeout', 'grpc-encoding', 'grpc-accept-encoding'],
];

export interface RequestHeaders {
  /** What the headers that a call keeps take. */
  bytesOf(stream: ServerHttp2Stream): number;
  /** Refuses calls with too many bytes of headers, and drops the headers that no method reads, before grpc-js copies them. */
  guard(server: Server): void;
}

export function createRequestHeaders(logger: Logger): RequestHeaders {
  const kept = new WeakMap<ServerHttp2Stream, number>();
  return {
    bytesOf: (stream) => kept.get(stream) ?? 0,
    guard: (server) =>
      onHeaders(server, (stream, headers) => {
        if (sizeOf(headers) > MAX_HEADER_BYTES) return refuse(stream, logger);
        const used = Object.fromEntries(
          USED.filter((name) => name in headers).map((name) => [name, headers[name]]),
        );
        kept.set(stream, sizeOf(used));
        return used;
      }),
  };
}

function sizeOf(headers: IncomingHttpHeaders): number {
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? '';
    // Almost all are texts, and this is done for each call.
    if (typeof value === 'string') bytes += name.length + value.length + HEADER_BYTES;
    else for (const one of value) bytes += name.length + one.length + HEADER_BYTES;
  }
  return bytes;
}

function refuse(stream: ServerHttp2Stream, logger: Logger): undefined {
  const limit = `${MAX_HEADER_BYTES} bytes of headers in a call`;
  const fault = new Fault('TOO_LARGE', `more than ${limit}: send fewer or shorter ones`, { limit });
  const { code, details, metadata } = toServiceError(fault, logger);
  // The client may be gone.
  stream.on('error', () => undefined);
  const head = { ':status': 200, 'content-type': 'application/grpc+proto' };
  const status = { 'grpc-status': code, 'grpc-message': details, ...metadata.toHttp2Headers() };
  stream.respond({ ...head, ...status }, { endStream: true });
}
