import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** How long a client may take for what was sent last, and to close its half of the connection. */
export const LINGER_MS = 5_000;

/**
 * Closes the sockets of connections that have ended. Node leaves them open as long as a client neither takes what is left for
 * it nor closes its half.
 */
export interface EndedConnections {
  open(session: ServerHttp2Session, socket: Socket): void;
  sweep(nowMs: number): void;
}

export function createEndedConnections(): EndedConnections {
  const open = new Map<ServerHttp2Session, { readonly socket: Socket; endedAtMs: number | undefined }>();
  return {
    open(session, socket) {
      open.set(session, { socket, endedAtMs: undefined });
      socket.once('close', () => open.delete(session));
    },
    sweep(nowMs) {
      for (const [session, connection] of open) {
        if (!session.destroyed) continue;
        connection.endedAtMs ??= nowMs;
        if (nowMs - connection.endedAtMs >= LINGER_MS) connection.socket.destroy();
      }
    },
  };
}
