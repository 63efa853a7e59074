import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { type Server, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import { invariant } from '@odograph/kernel/fault';

// What the guards need of the sockets of Node and the servers and calls of grpc-js, to which there is no public access.
// A test holds the version that has it.

export function http2StreamOf(call: object): ServerHttp2Stream {
  const { stream } = call as { stream?: ServerHttp2Stream };
  invariant(stream, 'a call of grpc-js has its HTTP/2 stream in the field stream');
  return stream;
}

/** What reads from a socket, also below an HTTP/2 session, which does not let its socket be paused. */
export interface Reader {
  readStart(): void;
  readStop(): void;
  /** Bytes that wait until the peer takes them. */
  readonly writeQueueSize: number;
}

export function readerOf(socket: Socket): Reader {
  const { _handle: reader } = socket as { readonly _handle?: Partial<Reader> };
  const isReader = reader?.readStart && reader.readStop && reader.writeQueueSize !== undefined;
  invariant(isReader, 'a socket has in the field _handle what reads from it');
  return reader as Reader;
}

/** Gives the headers that grpc-js gets; undefined if the call is already answered. */
type TakeHeaders = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
) => IncomingHttpHeaders | undefined;

/** Lets `take` see the headers of each call before grpc-js. */
export function onHeaders(server: Server, take: TakeHeaders): void {
  for (const http2Server of http2ServersOf(server)) {
    const [handle] = http2Server.listeners('stream');
    invariant(handle, 'grpc-js listens to the streams of its HTTP/2 server');
    http2Server.removeAllListeners('stream').on('stream', (stream, headers) => {
      const taken = take(stream, headers);
      if (taken) handle.call(http2Server, stream, taken);
    });
  }
}

/** Calls the listener with each connection of a server, at once. */
export function onSession(server: Server, listener: (session: ServerHttp2Session) => void): void {
  for (const http2Server of http2ServersOf(server)) http2Server.on('session', listener);
}

function http2ServersOf(server: Server): Iterable<Http2Server> {
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  invariant(http2Servers, 'a server of grpc-js has its HTTP/2 servers in the field http2Servers');
  return http2Servers.keys();
}

/** Gives what a complete message has when it is expanded, or itself if it is not compressed. */
export type Expand = () => Buffer | Promise<Buffer>;

interface Expander {
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
}

/** Lets `complete` decide when a complete message is expanded. grpc-js expands all that a piece of the stream completes at once. */
export function onComplete(
  call: object,
  complete: (message: Buffer, isCompressed: boolean, expand: Expand) => Promise<Buffer>,
): void {
  const expander = call as Expander;
  invariant(expander.decompressMessage, 'a call of grpc-js expands messages with decompressMessage');
  const expand = expander.decompressMessage.bind(call);
  expander.decompressMessage = (message, encoding) =>
    complete(message, encoding !== 'identity', () => expand(message, encoding));
}

interface MessageReader {
  decoder: { write(piece: Buffer): readonly Buffer[] };
  readonly readQueue: unknown[];
}

/** Drops the messages of a call that is answered, and what its caller sends from now on. grpc-js would keep them. */
export function forgetRequest(call: object): void {
  const reader = call as MessageReader;
  invariant(reader.decoder && reader.readQueue, 'a call of grpc-js has a decoder and a queue of messages');
  reader.decoder = { write: () => [] };
  reader.readQueue.length = 0;
}

interface MessageSender {
  /** Calls it when a message is to be encoded and written. */
  readonly whenRoom: (send: () => void) => void;
  /** The client has taken a message, as far as flow control goes. */
  readonly onTaken: () => void;
}

/** Lets a sender decide when the messages of a call are written. grpc-js writes what a handler gives it at once. */
export function onSend(call: ServerInterceptingCallInterface, { whenRoom, onTaken }: MessageSender): void {
  const send = call.sendMessage.bind(call);
  call.sendMessage = (message, callback) =>
    whenRoom(() =>
      send(message, () => {
        onTaken();
        callback();
      }),
    );
}

interface DeadlineHolder {
  deadline: number;
  readonly deadlineTimer: NodeJS.Timeout | null;
}

/** grpc-js cuts a timeout to 32 bits, so a deadline in 25 to 49 days is one in the past, and the call ends at once. */
export function correctDeadline(call: object): void {
  const holder = call as DeadlineHolder;
  invariant(holder.deadline, 'a call of grpc-js has its deadline in the field deadline');
  if (holder.deadline >= Date.now() - 1_000) return;
  if (holder.deadlineTimer) clearTimeout(holder.deadlineTimer);
  holder.deadline += 2 ** 32;
}

/** What grpc-js calls INTERNAL although the caller made the mistake. */
const MISTAKES = /^(Failed to decompress message|Invalid grpc-timeout value)/;

/** Corrects the statuses that grpc-js gives by itself, before any interceptor could. */
export function blameCaller(call: ServerInterceptingCallInterface): void {
  const send = call.sendStatus.bind(call);
  call.sendStatus = (given) => {
    const isMistake = given.code === status.INTERNAL && MISTAKES.test(given.details ?? '');
    send(isMistake ? { ...given, code: status.INVALID_ARGUMENT } : given);
  };
}
