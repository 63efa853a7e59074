import { type ClientHttp2Session, connect, type Settings } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import type { ServerName } from '../contract.ts';

/** Another address of this machine than that of the canary: for the services it is another client. */
const OUR_ADDRESS = '127.0.0.2';
/** And one more client. */
const OTHER_ADDRESS = '127.0.0.3';
const SESSIONS = 4;
/** What a shared connection takes at once. With the 64 KiB of Node, a call would end late because others on it read much. */
const WINDOW_BYTES = 16 * 1024 ** 2;

interface SessionOptions {
  /** The address of the client. */
  readonly address?: string;
  readonly settings?: Settings;
}

/** A server under attack. */
export class Server {
  readonly name: ServerName;
  readonly port: number;
  readonly metricsPort: number;
  readonly #sessions: ClientHttp2Session[] = [];
  #next = 0;

  /** @param endpoint and metrics: `host:port`. */
  constructor(name: ServerName, endpoint = '', metrics = '') {
    this.name = name;
    this.port = Number(endpoint.split(':')[1]);
    this.metricsPort = Number(metrics.split(':')[1]);
  }

  /** One of a few connections; another one replaces it when it ends. */
  session(): ClientHttp2Session {
    this.#next = (this.#next + 1) % SESSIONS;
    const session = this.#sessions[this.#next];
    if (session && !session.closed && !session.destroyed) return session;
    const opened = this.ownSession();
    opened.once('connect', () => opened.setLocalWindowSize(WINDOW_BYTES));
    this.#sessions[this.#next] = opened;
    return opened;
  }

  /** A connection that only the caller uses and closes. */
  ownSession({ address, settings }: SessionOptions = {}): ClientHttp2Session {
    const createConnection = () => openSocket(this.port, address);
    const options = { createConnection, settings, maxSessionMemory: 1_000 };
    const session = connect(`http://127.0.0.1:${this.port}`, options);
    // The calls on it end with it, and say so.
    session.on('error', () => undefined);
    return session;
  }

  /** A connection of each of two clients. */
  sessionsOfTwo(): readonly [ClientHttp2Session, ClientHttp2Session] {
    return [this.ownSession(), this.ownSession({ address: OTHER_ADDRESS })];
  }

  close(): void {
    for (const session of this.#sessions) session?.destroy();
  }
}

/** @param allowHalfOpen keeps our half open when the server closes its own */
export function openSocket(port: number, localAddress = OUR_ADDRESS, allowHalfOpen = false): Socket {
  const socket = connectSocket({ host: '127.0.0.1', port, localAddress, allowHalfOpen, noDelay: true });
  socket.on('error', () => undefined);
  return socket;
}
