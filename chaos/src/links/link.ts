import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { isErrno } from '@odograph/engines/errno';
import { findFreePort, LOOPBACK } from '@odograph/engines/free-port';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { Random } from '@odograph/kernel/random';
import { carry, NetworkConditions, type Slowness } from './flow.ts';
import { framersOf, type Protocol, type Watcher } from './frames.ts';

interface LinkOptions {
  /** For messages, such as `history-mongo`. */
  readonly name: string;
  /** A port of loopback. No process needs to listen there yet. */
  readonly targetPort: number;
  /** Without a protocol the link has no frames to watch. */
  readonly protocol?: Protocol;
  /** Draws the jitter, at times that no seed decides. Default: a generator with a fixed seed. */
  readonly random?: Random;
}

/** A TCP proxy between two processes: the caller connects to `port` instead of the target. */
export interface Link extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** The number of connections that are open now. */
  connections(): number;
  /** Resets all connections, and refuses new ones until the link is healed. */
  cut(): void;
  /** Resets all connections once. */
  reset(): void;
  /**
   * Stops all bytes without an error on either side; new connections are accepted and stay silent. Bytes that the
   * operating system already has may still arrive, and healing resets all connections.
   */
  hang(): void;
  /** Slows each direction until the link is healed or slowed differently. */
  slow(slowness: Slowness): void;
  /** Ends all faults; resolves when new connections are accepted. */
  heal(): Promise<void>;
  /** Shows each frame to the watcher before it is forwarded, until the returned function is called. */
  watch(watcher: Watcher): () => void;
  /**
   * Resets all connections and closes the port. Rejects with the first error of a watcher, or with a Fault INVALID_INPUT
   * if bytes were not of the protocol.
   */
  close(): Promise<void>;
}

/** Opens a link on a free port of loopback. */
export async function openLink({ name, targetPort, protocol, random }: LinkOptions): Promise<Link> {
  const conditions = new NetworkConditions(random);
  const watchers = new Set<Watcher>();
  const connections = new Set<Connection>();
  const errors: unknown[] = [];

  function accept(client: Socket): void {
    // A link that hangs accepts the connection and never answers.
    const server = conditions.isHung ? undefined : connectTo(targetPort);
    const connection = holdSockets(server ? [client, server] : [client], conditions);
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
    if (!server) return;
    const framers = protocol && framersOf(protocol);
    const both = { conditions, watchers, reset: connection.reset };
    for (const flow of [
      { ...both, source: client, sink: server, framer: framers?.request },
      { ...both, source: server, sink: client, framer: framers?.reply },
    ]) {
      carry(flow).catch((error: unknown) => {
        errors.push(error);
        connection.reset();
      });
    }
  }

  function reset(): void {
    for (const connection of connections) connection.reset();
  }

  const port = await findFreePort();
  const listener = createListener(port, accept);
  await listener.open();

  const link: Link = {
    name,
    port,
    connections: () => connections.size,
    reset,
    cut() {
      listener.shut();
      reset();
    },
    hang: () => conditions.hang(),
    slow: (slowness) => conditions.slow(slowness),
    async heal() {
      if (conditions.isHung) reset();
      conditions.heal();
      await listener.open();
    },
    watch(watcher) {
      if (!protocol)
        throw new Fault('RULE_VIOLATED', `link ${name} has no protocol, so its frames cannot be watched`);
      // A wrapper, so that the same function can watch twice.
      const own: Watcher = (frame) => watcher(frame);
      watchers.add(own);
      return () => void watchers.delete(own);
    },
    async close() {
      listener.shut();
      reset();
      conditions.heal();
      if (errors.length > 0) throw errors[0];
    },
    [Symbol.asyncDispose]: () => link.close(),
  };
  return link;
}

/** A client's connection through the link: its socket and, unless the link hung, the socket to the target. */
interface Connection {
  /** Ends it on both sides with a TCP reset, as a process that dies does. */
  reset(): void;
  /** Resolves when all sockets are closed. */
  readonly closed: Promise<unknown>;
}

function connectTo(port: number): Socket {
  return connect({ port, host: LOOPBACK, allowHalfOpen: true, noDelay: true });
}

function holdSockets(sockets: readonly Socket[], conditions: NetworkConditions): Connection {
  const reset = () => sockets.forEach(resetSocket);
  for (const socket of sockets) {
    // While the link hangs, the other side must not notice; healing resets it.
    socket.on('error', () => {
      if (!conditions.isHung) reset();
    });
  }
  const closed = sockets.map((socket) => new Promise((resolve) => void socket.once('close', resolve)));
  return { reset, closed: Promise.all(closed) };
}

/**
 * A socket that is still connecting has no peer to reset. One that has already sent its end cannot be reset: Node would
 * never close its handle, and the process could not exit.
 */
function resetSocket(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** A port that can refuse connections and accept them again. */
interface Listener {
  /** Resolves when it listens. Throws a Fault UNAVAILABLE if another process keeps the port. */
  open(): Promise<void>;
  /** Refuses new connections; accepted ones stay. */
  shut(): void;
}

function createListener(port: number, accept: (client: Socket) => void): Listener {
  let current: { readonly shut: AbortController; readonly opened: Promise<void> } | undefined;
  const shut = () => {
    current?.shut.abort();
    current = undefined;
  };
  return {
    shut,
    async open() {
      if (!current) {
        const ending = new AbortController();
        current = { shut: ending, opened: listen(port, accept, ending.signal) };
      }
      await current.opened;
    },
  };
}

const LISTEN_WITHIN_MS = 5_000;
const RETRY_MS = 20;

/** Listens until the signal is aborted. Retries while another socket has the port. */
async function listen(port: number, accept: (client: Socket) => void, signal: AbortSignal): Promise<void> {
  const deadlineAtMs = performance.now() + LISTEN_WITHIN_MS;
  while (!signal.aborted) {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
    try {
      server.listen(port, LOOPBACK);
      await once(server, 'listening');
    } catch (cause) {
      const mayRetry = isErrno(cause, 'EADDRINUSE') && performance.now() < deadlineAtMs;
      if (!mayRetry)
        throw new Fault('UNAVAILABLE', `port ${port} cannot be opened: ${String(cause)}`, { cause });
      await pause(RETRY_MS, signal);
      continue;
    }
    if (signal.aborted) server.close();
    else signal.addEventListener('abort', () => server.close(), { once: true });
    return;
  }
}
