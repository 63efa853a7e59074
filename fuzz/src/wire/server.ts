import { type ClientHttp2Session, type ClientSessionOptions, connect } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import type { ServerName } from '../contract.ts';

/** Another address of this machine than that of the canary: for the services it is another client. */
const OUR_ADDRESS = '127.0.0.2';

/** A server under attack. */
export interface Server {
  readonly name: ServerName;
  readonly port: number;
  readonly metricsPort: number;
  /** One of a few connections; another one replaces it when it ends. */
  session(): ClientHttp2Session;
  /** A connection that only the caller uses and closes. */
  ownSession(options?: ClientSessionOptions): ClientHttp2Session;
  close(): void;
}

const SESSIONS = 4;

/** @param endpoint and metrics: `host:port`. */
export function openServer(name: ServerName, endpoint: string, metrics: string): Server {
  const [port, metricsPort] = [portOf(endpoint), portOf(metrics)];
  const sessions: ClientHttp2Session[] = [];
  let next = 0;
  const ownSession = (options: ClientSessionOptions = {}) => {
    const createConnection = () => openSocket(port);
    const session = connect(`http://127.0.0.1:${port}`, {
      ...options,
      createConnection,
      maxSessionMemory: 1_000,
    });
    // The calls on it end with it, and say so.
    session.on('error', () => undefined);
    return session;
  };
  return {
    ...{ name, port, metricsPort, ownSession },
    session() {
      next = (next + 1) % SESSIONS;
      const session = sessions[next];
      if (session && !session.closed && !session.destroyed) return session;
      const opened = ownSession();
      sessions[next] = opened;
      return opened;
    },
    close: () => sessions.forEach((session) => void session.destroy()),
  };
}

const portOf = (endpoint: string) => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));

export function openSocket(port: number): Socket {
  const socket = connectSocket({ host: '127.0.0.1', port, localAddress: OUR_ADDRESS, noDelay: true });
  socket.on('error', () => undefined);
  return socket;
}
