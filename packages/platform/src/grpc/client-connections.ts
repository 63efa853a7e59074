import type { Reader } from './grpc-internals.ts';

/** What it costs to begin a call. A piece of a message costs 1. */
export const CALL_COST = 16;
/** What may come from a client in a turn of the event loop before its connections are read in turns: work for about 10 ms. */
export const CALLS_IN_A_TURN = 32;
const TURN_COST = CALLS_IN_A_TURN * CALL_COST;
/** How long a client sends too much until a warning says so, and until the next one does. */
const WARN_AFTER_MS = 1_000;
const WARN_EVERY_MS = 60_000;

/** A connection, as far as its reading goes. */
export interface Connection {
  readonly client: ClientConnections;
  readonly reader: Reader;
  /** Which of its client it is: a higher one is newer. */
  readonly number: number;
  /** Which resumption of its client let it be read last. */
  lastResumption: number;
  /** What has come on it since its client sends too much; undefined if nothing ever has. */
  cost: number | undefined;
}

type Order = (a: Connection, b: Connection) => number;

const costOf = ({ cost = Number.MAX_VALUE }: Connection) => cost;
const longestFirst: Order = (a, b) => a.lastResumption - b.lastResumption;
const newestFirst: Order = (a, b) => b.number - a.number;
const lightestFirst: Order = (a, b) => costOf(a) - costOf(b) || longestFirst(a, b);
/**
 * Which connections are read next, one resumption after the other. So one that sends little waits for a few of the others,
 * whether it is new or not, and none waits for ever.
 */
const ORDERS: readonly Order[] = [lightestFirst, newestFirst, longestFirst];

/** The connections of a client, and which of them are read. */
export class ClientConnections {
  readonly #connections = new Set<Connection>();
  /** Those that wait to be read. */
  readonly #waiting = new Set<Connection>();
  /** What came on each in this turn. */
  readonly #costs = new Map<Connection, number>();
  /** What came on all in this turn. */
  #cost = 0;
  /** Whether too much came in the turn after the last resumption. */
  #isHeavy = false;
  #resumptions = 0;
  /**
   * The cost up to which the lightest ones were read. One that comes later begins there, so that it is not before those that
   * have waited (start-time fair queueing, Goyal, Vin and Cheng, 1996).
   */
  #served = 0;
  /** How many the next resumption lets be read. */
  #width = 1;
  #opened = 0;
  #waitsSinceMs = 0;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  readonly #warn: () => void;

  constructor(warn: () => void) {
    this.#warn = warn;
  }

  open(reader: Reader): Connection {
    this.#opened += 1;
    const [number, lastResumption] = [this.#opened, this.#resumptions];
    const connection: Connection = { client: this, reader, number, lastResumption, cost: undefined };
    this.#connections.add(connection);
    if (!this.isQuiet()) this.#stop(connection);
    return connection;
  }

  /** @returns whether it was the last one. */
  close(connection: Connection): boolean {
    this.#connections.delete(connection);
    this.#costs.delete(connection);
    if (this.#waiting.delete(connection) && this.isQuiet()) this.#forgetCosts();
    return this.#connections.size === 0;
  }

  /** Something came on a connection. */
  count(connection: Connection, cost: number): void {
    this.#costs.set(connection, (this.#costs.get(connection) ?? 0) + cost);
    this.addCost(cost);
    // While others wait, one that was read waits again.
    if (!this.isQuiet()) this.#stop(connection);
  }

  /** A turn has this more to do for the client. */
  addCost(cost: number): void {
    const wasTooMuch = this.#cost > TURN_COST;
    this.#cost += cost;
    if (this.#cost > TURN_COST && !wasTooMuch) this.#stopAll();
  }

  endTurn(isAccepting: boolean): void {
    for (const [connection, cost] of this.#costs)
      connection.cost = this.isQuiet() ? 0 : Math.max(connection.cost ?? 0, this.#served) + cost;
    this.#costs.clear();
    this.#cost = 0;
    if (this.isQuiet()) return;
    if (!isAccepting || !this.#isHeavy) this.#resume();
    this.#warnIfLong(performance.now());
  }

  /** Whether none waits. */
  isQuiet(): boolean {
    return this.#waiting.size === 0;
  }

  /** Whether one that waits may be read. */
  canResume(): boolean {
    return [...this.#waiting].some(takesAnswers);
  }

  #stopAll(): void {
    if (this.isQuiet()) this.#waitsSinceMs = performance.now();
    this.#isHeavy = true;
    this.#width = 1;
    for (const each of this.#connections) this.#stop(each);
  }

  #stop(connection: Connection): void {
    // A call may end after its connection, which must not wait again.
    if (!this.#connections.has(connection)) return;
    connection.reader.readStop();
    this.#waiting.add(connection);
  }

  #resume(): void {
    const order = ORDERS[this.#resumptions % ORDERS.length];
    this.#resumptions += 1;
    for (const connection of [...this.#waiting].filter(takesAnswers).sort(order).slice(0, this.#width)) {
      connection.reader.readStart();
      connection.lastResumption = this.#resumptions;
      this.#waiting.delete(connection);
      if (order === lightestFirst) this.#served = Math.max(this.#served, connection.cost ?? 0);
    }
    this.#width *= 2;
    this.#isHeavy = false;
    if (this.isQuiet()) this.#forgetCosts();
  }

  #forgetCosts(): void {
    this.#served = 0;
    for (const each of this.#connections) if (each.cost !== undefined) each.cost = 0;
  }

  #warnIfLong(nowMs: number): void {
    if (nowMs - this.#waitsSinceMs < WARN_AFTER_MS || nowMs - this.#warnedAtMs < WARN_EVERY_MS) return;
    this.#warnedAtMs = nowMs;
    this.#warn();
  }
}

/** Node reads nothing from a connection whose answers are not taken (CVE-2019-9517), and that must stay. */
const takesAnswers = ({ reader }: Connection) => reader.writeQueueSize === 0;
