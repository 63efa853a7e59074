import type { Http2Session, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { clientOf } from './client-address.ts';

/**
 * What a client may send in a second beside its calls, such as WINDOW_UPDATE and PING, and to methods that do not exist: 60,000
 * frames or more. A client that takes its answers as they come sends less than a hundredth of that.
 */
export const MAX_BESIDE_CALLS_BYTES = 1024 * 1024;
const FRAME_HEAD_BYTES = 9;
/** For the headers of a call. They arrive compressed, so their length there is not known. */
const HEADERS_BYTES = 4 * 1024;
/** What may still arrive of a call that ended before its request: the window of a stream. */
const WINDOW_BYTES = 64 * 1024;
/** Of the bytes that a client gets, it may send one for each 8. */
const BYTES_TAKEN = 8;

interface Connection {
  readonly session: ServerHttp2Session;
  readonly client: string;
  readonly streams: Set<ServerHttp2Stream>;
  /** What calls have sent, as far as it is known. */
  callBytes: number;
  /** What it had sent beside calls at the last look. */
  besideBytes: number;
}

/**
 * Finds clients that keep a server busy beside their calls. For example, a client that grants a byte at a time makes a frame
 * for each byte of its answers.
 */
export interface BytesBesideCalls {
  /** A connection begins. */
  open(session: ServerHttp2Session): void;
  /** A call begins, on a connection that is open. */
  add(stream: ServerHttp2Stream): void;
  /** Ends the connections of clients that have sent too much since the last look. */
  sweep(nowMs: number): void;
}

export function createBytesBesideCalls(
  end: (session: ServerHttp2Session, client: string) => void,
): BytesBesideCalls {
  const connections = new Map<Http2Session, Connection>();
  let lookedAtMs = performance.now();
  return {
    open(session) {
      const client = clientOf(`${session.socket.remoteAddress}:0`);
      connections.set(session, { session, client, streams: new Set(), callBytes: 0, besideBytes: 0 });
      session.once('close', () => connections.delete(session));
    },
    add(stream) {
      const connection = stream.session && connections.get(stream.session);
      if (!connection) return;
      connection.callBytes += HEADERS_BYTES;
      connection.streams.add(stream);
      stream.prependListener('data', (chunk: Buffer) => {
        connection.callBytes += FRAME_HEAD_BYTES + chunk.length;
      });
      stream.once('close', () => {
        connection.streams.delete(stream);
        if (!stream.readableEnded) connection.callBytes += WINDOW_BYTES;
      });
    },
    sweep(nowMs) {
      const seconds = Math.max(1, (nowMs - lookedAtMs) / 1_000);
      lookedAtMs = nowMs;
      const sent = new Map<string, number>();
      const noisy: Connection[] = [];
      for (const connection of connections.values()) {
        // Its socket is not closed yet, but has nothing to do with it any more.
        if (connection.session.destroyed) continue;
        const bytes = sentSinceLastLook(connection);
        if (bytes <= 0) continue;
        noisy.push(connection);
        sent.set(connection.client, (sent.get(connection.client) ?? 0) + bytes);
      }
      for (const { session, client } of noisy)
        if ((sent.get(client) ?? 0) > MAX_BESIDE_CALLS_BYTES * seconds) end(session, client);
    },
  };
}

function sentSinceLastLook(connection: Connection): number {
  const { bytesRead, bytesWritten } = connection.session.socket;
  let unread = 0;
  for (const { readableLength } of connection.streams) unread += readableLength;
  const besideBytes = bytesRead - connection.callBytes - unread - bytesWritten / BYTES_TAKEN;
  const more = besideBytes - connection.besideBytes;
  connection.besideBytes = besideBytes;
  return more;
}
