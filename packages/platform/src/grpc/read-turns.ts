import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { clientOf } from './client-address.ts';
import { CALL_COST, ClientConnections, type Connection } from './client-connections.ts';
import { readerOf } from './grpc-internals.ts';

/** What it costs to end a call whose connection has ended, and to take a piece of a message. */
const END_COST = 4;
const PIECE_COST = 1;
/** Turns one after the other that take new connections and read nothing more from clients that send too much. */
export const ACCEPTING_TURNS = 128;
/** How often it is looked whether connections that wait for it have their answers taken. */
const LOOK_MS = 10;

/**
 * Reads the connections of a client in turns if it sends too much. By itself, a turn of the event loop reads all that has come
 * on all connections: if a client opens a hundred calls on each of a thousand, nothing else is done until all are open.
 */
export interface ReadTurns {
  /** A connection was taken from the listener, and perhaps refused. */
  accepted(): void;
  /** A connection begins. */
  open(session: Http2Session, socket: Socket): void;
  /** A call begins whose messages are read, on a connection that is open. */
  add(stream: ServerHttp2Stream): void;
}

/** @param warn is called with the address of a client that sends too much for a while. */
export function createReadTurns(warn: (client: string) => void): ReadTurns {
  const connections = new Map<Http2Session, Connection>();
  const clients = new Map<string, ClientConnections>();
  /** Those of which something came in this turn, and those with connections that wait. */
  const busy = new Set<ClientConnections>();
  let hasAccepted = false;
  let acceptingTurns = 0;
  let immediate: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;

  function endSoon(client: ClientConnections): void {
    busy.add(client);
    immediate ??= setImmediate(endTurn);
  }

  function endTurn(): void {
    clearImmediate(immediate);
    clearTimeout(timer);
    immediate = undefined;
    // Node takes one new connection in a turn, so others may wait behind it.
    acceptingTurns = hasAccepted && acceptingTurns < ACCEPTING_TURNS ? acceptingTurns + 1 : 0;
    hasAccepted = false;
    for (const client of busy) {
      client.endTurn(acceptingTurns > 0);
      if (client.isQuiet()) busy.delete(client);
    }
    if ([...busy].some((client) => client.canResume())) immediate = setImmediate(endTurn);
    else if (busy.size > 0) timer = setTimeout(endTurn, LOOK_MS);
  }

  function clientAt(address: string): ClientConnections {
    const client = clients.get(address) ?? new ClientConnections(() => warn(address));
    clients.set(address, client);
    return client;
  }

  return {
    accepted() {
      hasAccepted = busy.size > 0;
    },
    open(session, socket) {
      const address = clientOf(`${socket.remoteAddress}:0`);
      const client = clientAt(address);
      const connection = client.open(readerOf(socket));
      connections.set(session, connection);
      session.on('stream', (stream) => {
        client.count(connection, CALL_COST);
        endSoon(client);
        stream.once('close', () => {
          // Other calls end by themselves, and that says nothing of what comes.
          if (!session.destroyed) return;
          client.addCost(END_COST);
          endSoon(client);
        });
      });
      socket.once('close', () => {
        connections.delete(session);
        if (client.close(connection)) clients.delete(address);
      });
    },
    add(stream) {
      const connection = stream.session && connections.get(stream.session);
      if (!connection) return;
      const { client } = connection;
      stream.prependListener('data', () => {
        client.count(connection, PIECE_COST);
        endSoon(client);
      });
    },
  };
}
