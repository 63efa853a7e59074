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
  /** What it had sent beside calls when the period began. */
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
  /** Ends the connections of clients that have sent too much in this second. Call it a few times in a second. */
  sweep(nowMs: number): void;
}

export function createBytesBesideCalls(
  end: (session: ServerHttp2Session, client: string) => void,
): BytesBesideCalls {
  const connections = new Map<Http2Session, Connection>();
  let sinceMs = performance.now();
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
      // A session that is destroyed has no socket, and may stay until its client has closed its half.
      const open = [...connections.values()].filter(({ session }) => !session.destroyed);
      const noisy = open.filter((connection) => bytesOfPeriod(connection) > 0);
      const sent = new Map<string, number>();
      for (const connection of noisy)
        sent.set(connection.client, (sent.get(connection.client) ?? 0) + bytesOfPeriod(connection));
      const seconds = (nowMs - sinceMs) / 1_000;
      const most = MAX_BESIDE_CALLS_BYTES * Math.max(1, seconds);
      for (const { session, client } of noisy) if ((sent.get(client) ?? 0) > most) end(session, client);
      if (seconds < 1) return;
      sinceMs = nowMs;
      for (const connection of open) beginPeriod(connection);
    },
  };
}

const bytesOfPeriod = (connection: Connection) => bytesBeside(connection) - connection.besideBytes;

function beginPeriod(connection: Connection): void {
  if (!connection.session.destroyed) connection.besideBytes = bytesBeside(connection);
}

function bytesBeside({ session, streams, callBytes }: Connection): number {
  const { bytesRead, bytesWritten } = session.socket;
  let unread = 0;
  for (const { readableLength } of streams) unread += readableLength;
  return bytesRead - callBytes - unread - bytesWritten / BYTES_TAKEN;
}
