import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault } from '@odograph/kernel/fault';

export interface AdmissionLimits {
  /** Calls of one client that are worked on at the same time. */
  readonly perClient: number;
  /** The same of all clients. */
  readonly inAll: number;
  /** Calls of one client that wait for their turn; further ones are refused. */
  readonly waitingPerClient: number;
}

/** Decides when the work on a call begins. */
export interface Admission {
  /**
   * Resolves when the work may begin. Call the result once the call has ended.
   * Throws a Fault OVERLOADED if too many calls of the client wait, and the reason of the signal if it aborts first.
   */
  enter(client: string, signal: AbortSignal): Promise<() => void>;
}

/** What a client has at work, and what of it waits, in order. */
interface Client {
  readonly name: string;
  working: number;
  readonly waiting: Set<() => void>;
}

const RETRY_AFTER_MS = 1_000;

/** Clients take turns, so that one with very many calls does not hold up the others. */
export function createAdmission({ perClient, inAll, waitingPerClient }: AdmissionLimits): Admission {
  const clients = new Map<string, Client>();
  /** Those that wait and may begin a call, in the order of their turns. */
  const turns = new Set<Client>();
  let working = 0;

  function clientNamed(name: string): Client {
    const client = clients.get(name) ?? { name, working: 0, waiting: new Set() };
    clients.set(name, client);
    return client;
  }

  function begin(client: Client): void {
    client.working += 1;
    working += 1;
  }

  function end(client: Client): void {
    client.working -= 1;
    working -= 1;
    settle(client);
    beginWaiting();
  }

  /** Gives a client a turn after those of all others, if it has a use for it. */
  function settle(client: Client): void {
    if (client.waiting.size > 0 && client.working < perClient) turns.add(client);
    else turns.delete(client);
    if (client.waiting.size + client.working === 0) clients.delete(client.name);
  }

  function beginWaiting(): void {
    for (const client of turns) {
      if (working === inAll) return;
      const [goOn] = client.waiting;
      if (goOn === undefined) continue;
      turns.delete(client);
      client.waiting.delete(goOn);
      begin(client);
      settle(client);
      goOn();
    }
  }

  function untilTurn(client: Client, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      client.waiting.delete(goOn);
      settle(client);
      reject(signal.reason);
    };
    const goOn = () => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    signal.addEventListener('abort', leave);
    client.waiting.add(goOn);
    settle(client);
    return promise;
  }

  return {
    async enter(name, signal) {
      // A client that resets its calls at once has done so before the next turn of the event loop.
      await nextTurn();
      signal.throwIfAborted();
      const client = clientNamed(name);
      if (client.waiting.size >= waitingPerClient) throw tooManyCalls(waitingPerClient);
      if (working < inAll && client.working < perClient) begin(client);
      else await untilTurn(client, signal);
      let hasEnded = false;
      return () => {
        if (!hasEnded) end(client);
        hasEnded = true;
      };
    },
  };
}

function tooManyCalls(waitingPerClient: number): Fault {
  const limit = `${waitingPerClient} waiting calls a client`;
  return new Fault('OVERLOADED', `more than ${limit}: make fewer at the same time`, {
    limit,
    retryAfterMs: RETRY_AFTER_MS,
  });
}
