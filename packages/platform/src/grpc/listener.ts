import { type AddressInfo, createServer, type Socket } from 'node:net';
import { FairShare } from '@odograph/kernel/fair-share';
import { listenFault } from '../listen-fault.ts';
import type { Logger } from '../logger.ts';
import { clientOf } from './client-address.ts';

interface ListenerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Connections of one client; four times as many of all, near which a client may have as many as are free. */
  readonly maxConnections: number;
  /** Called with every connection, also one that is refused. */
  readonly onAccept: () => void;
  readonly onConnection: (socket: Socket) => void;
  readonly logger: Logger;
}

interface Listener {
  readonly port: number;
  /** Takes no new connections. Resolves when those that are open have ended. */
  stop(): Promise<void>;
  /** Ends all connections at once. */
  destroy(): void;
}

/** How often a log line says that connections are refused, at most. */
const SAY_EVERY_MS = 60_000;

/** Accepts connections, as grpc-js does by itself, but not without bounds. Throws a Fault RULE_VIOLATED if it cannot listen. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { host, port, maxConnections, onAccept, onConnection, logger } = options;
  const places = new FairShare<string>(4 * maxConnections, maxConnections);
  const sockets = new Set<Socket>();
  let quietUntilMs = 0;

  function refuse(client: string): void {
    const nowMs = performance.now();
    if (nowMs < quietUntilMs) return;
    quietUntilMs = nowMs + SAY_EVERY_MS;
    logger.warn({ client, maxConnections }, 'connections are refused: there are too many');
  }

  const server = createServer({ noDelay: true }, (socket) => {
    onAccept();
    const client = clientOf(`${socket.remoteAddress}:0`);
    if (!places.tryTake(client, 1)) {
      socket.destroy();
      return refuse(client);
    }
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      places.give(client, 1);
    });
    onConnection(socket);
  });
  await new Promise<void>((resolve, reject) => {
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    server.once('error', (cause) => reject(listenFault(address, cause, 'ODO_GRPC')));
    // By default 511 wait to be taken, and the kernel lets those above try again after a second.
    server.listen({ port, host, backlog: 4 * maxConnections }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
    destroy: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
