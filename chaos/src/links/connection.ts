import { connect, type Socket } from 'node:net';
import { LOOPBACK } from '@odograph/engines/free-port';
import { carry } from './flow.ts';
import { framersOf, type Protocol, type Watcher } from './protocol.ts';
import type { Weather } from './weather.ts';

/** A client's connection through a link. */
export interface Connection {
  /** Ends it on both sides as a dead peer does, with a TCP reset. */
  reset(): void;
}

export interface ConnectionParts {
  readonly client: Socket;
  readonly targetPort: number;
  readonly protocol: Protocol | undefined;
  readonly weather: Weather;
  readonly watchers: ReadonlySet<Watcher>;
  /** Nothing of it is left. */
  onOver(): void;
  /** Bytes that are not of the protocol, or what a watcher threw; the connection is reset. */
  onFault(fault: unknown): void;
}

/** Goes on to the target; where nobody listens there, the client is reset. */
export function bridge(parts: ConnectionParts): Connection {
  const { client, targetPort, protocol, weather, watchers } = parts;
  const server = connect({ port: targetPort, host: LOOPBACK, allowHalfOpen: true, noDelay: true });
  const reset = () => {
    resetSocket(client);
    resetSocket(server);
  };
  // Of a link that hangs nobody hears anything: healing resets the other side.
  const lose = () => {
    if (!weather.isHung) reset();
  };
  let open = 2;
  for (const socket of [client, server]) {
    socket.on('error', lose);
    socket.on('close', () => {
      open -= 1;
      if (open === 0) parts.onOver();
    });
  }
  const framers = protocol && framersOf(protocol);
  const whole = { weather, watchers, cut: reset };
  for (const flow of [
    { ...whole, source: client, sink: server, framer: framers?.request },
    { ...whole, source: server, sink: client, framer: framers?.reply },
  ]) {
    carry(flow).catch((fault: unknown) => {
      parts.onFault(fault);
      reset();
    });
  }
  return { reset };
}

/** A connection of a link that hangs: accepted, and silent. */
export function strand({ client, onOver }: Pick<ConnectionParts, 'client' | 'onOver'>): Connection {
  client.on('error', () => undefined);
  client.on('close', onOver);
  return { reset: () => resetSocket(client) };
}

/**
 * One that is still connecting has nobody to reset. One whose end is on its way cannot be: the handle of such a socket
 * would never be closed, and keep the process from its own end.
 */
function resetSocket(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
