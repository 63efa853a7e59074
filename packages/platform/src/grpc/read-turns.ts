import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { clientOf } from './client-address.ts';
import { type Reader, readerOf } from './grpc-internals.ts';

/** What it costs to begin a call, and to end one, beside a piece of a message. */
export const CALL_COST = 16;
export const END_COST = 4;
const PIECE_COST = 1;
/** What is read from a client in a turn of the event loop. It is work for about ten milliseconds. */
export const CALLS_IN_A_TURN = 32;
const TURN_COST = CALLS_IN_A_TURN * CALL_COST;
/** Turns one after the other that take new connections and read from none that waits. */
export const OPENING_TURNS = 256;

/**
 * Reads from clients in turns, and within a client from its connections. By itself, a turn of the event loop reads all that
 * has come on all connections: if a client opens a hundred calls on each of a thousand, no other is served until all are open.
 */
export interface ReadTurns {
  /** A connection begins. */
  open(session: Http2Session, socket: Socket): void;
  /** A call begins whose messages are read, on a connection that is open. */
  add(stream: ServerHttp2Stream): void;
}

export function createReadTurns(): ReadTurns {
  const connections = new Map<Http2Session, Connection>();
  const clients = new Map<string, ReadClient>();
  /** Those of which something came in this turn, and those whose connections wait. */
  const busy = new Set<ReadClient>();
  let hasOpened = false;
  let openingTurns = 0;

  function count(connection: Connection, cost: number): void {
    if (busy.size === 0) setImmediate(endTurn);
    busy.add(connection.client);
    connection.client.count(connection, cost);
  }

  function endTurn(): void {
    // Node takes one new connection in a turn, so others may wait behind it.
    openingTurns = hasOpened && openingTurns < OPENING_TURNS ? openingTurns + 1 : 0;
    hasOpened = false;
    for (const client of busy) if (client.endTurn(openingTurns === 0)) busy.delete(client);
    if (busy.size > 0) setImmediate(endTurn);
  }

  function clientAt(address: string): ReadClient {
    const client = clients.get(address) ?? new ReadClient();
    clients.set(address, client);
    return client;
  }

  return {
    open(session, socket) {
      const address = clientOf(`${socket.remoteAddress}:0`);
      const client = clientAt(address);
      const connection = client.open(readerOf(socket));
      hasOpened = true;
      connections.set(session, connection);
      session.on('stream', (stream) => {
        count(connection, CALL_COST);
        stream.once('close', () => count(connection, END_COST));
      });
      socket.once('close', () => {
        connections.delete(session);
        if (client.close(connection)) clients.delete(address);
      });
    },
    add(stream) {
      const connection = stream.session && connections.get(stream.session);
      if (connection) stream.prependListener('data', () => count(connection, PIECE_COST));
    },
  };
}

interface Connection {
  readonly client: ReadClient;
  readonly reader: Reader;
  /** Which of its client it is: a higher one is newer. */
  readonly number: number;
  /** The turn in which something came last; of a new one that in which it began. */
  lastTurn: number;
  /** What came in that turn. Of a new one it is expected that it fills a turn. */
  lastCost: number;
}

type Order = (a: Connection, b: Connection) => number;

const weight = ({ lastCost }: Connection) => Math.floor(Math.log2(lastCost));
const longestFirst: Order = (a, b) => a.lastTurn - b.lastTurn;
const newestFirst: Order = (a, b) => b.number - a.number;
const lightestFirst: Order = (a, b) => weight(a) - weight(b) || longestFirst(a, b);
/**
 * Which connections of a client that sends too much are read next, one turn after the other. So one that sends little waits for
 * a few of the others, whether it is new or not, and none waits for ever.
 */
const ORDERS: readonly Order[] = [lightestFirst, newestFirst, longestFirst];

/** The connections of a client. */
class ReadClient {
  readonly #connections = new Set<Connection>();
  /** Those that are not read. */
  readonly #waiting = new Set<Connection>();
  /** What came on each in this turn. */
  readonly #costs = new Map<Connection, number>();
  /** What came on all in this turn. */
  #cost = 0;
  /** How many are to be read again next. */
  #next = 1;
  #turn = 0;
  #opened = 0;

  open(reader: Reader): Connection {
    this.#opened += 1;
    const [lastTurn, lastCost] = [this.#turn, TURN_COST];
    const connection = { client: this, reader, number: this.#opened, lastTurn, lastCost };
    this.#connections.add(connection);
    if (this.#waiting.size > 0) this.#stop(connection);
    return connection;
  }

  /** @returns whether it was the last one. */
  close(connection: Connection): boolean {
    for (const each of [this.#connections, this.#waiting, this.#costs]) each.delete(connection);
    return this.#connections.size === 0;
  }

  count(connection: Connection, cost: number): void {
    const wasTooMuch = this.#isTooMuch();
    this.#cost += cost;
    this.#costs.set(connection, (this.#costs.get(connection) ?? 0) + cost);
    if (this.#isTooMuch() && !wasTooMuch) this.#stopAll();
    // While others wait, it is read once in its turn.
    else if (this.#waiting.size > 0) this.#stop(connection);
  }

  /** @returns whether none waits. */
  endTurn(mayResume: boolean): boolean {
    this.#turn += 1;
    for (const [connection, cost] of this.#costs)
      [connection.lastTurn, connection.lastCost] = [this.#turn, cost];
    this.#cost = 0;
    this.#costs.clear();
    if (mayResume && this.#waiting.size > 0) this.#resume();
    return this.#waiting.size === 0;
  }

  #isTooMuch(): boolean {
    return this.#cost > TURN_COST;
  }

  #stopAll(): void {
    this.#next = 1;
    for (const each of this.#connections) this.#stop(each);
  }

  #stop(connection: Connection): void {
    // Its calls end after it.
    if (!this.#connections.has(connection)) return;
    connection.reader.readStop();
    this.#waiting.add(connection);
  }

  #resume(): void {
    const order = ORDERS[this.#turn % ORDERS.length];
    for (const connection of [...this.#waiting].sort(order).slice(0, this.#next)) {
      connection.reader.readStart();
      this.#waiting.delete(connection);
    }
    this.#next *= 2;
  }
}
