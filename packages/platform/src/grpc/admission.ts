import { setImmediate as nextTurn } from 'node:timers/promises';
import { FairShare } from '@odograph/kernel/fair-share';
import { Fault } from '@odograph/kernel/fault';

export interface AdmissionLimits {
  /** Calls of one client that are worked on at the same time. */
  readonly perClient: number;
  /** The same of all clients. Near it, a client may have as many as are free. */
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

const RETRY_AFTER_MS = 1_000;

/** Clients take turns, so that one with very many calls does not hold up the others. */
export function createAdmission({ perClient, inAll, waitingPerClient }: AdmissionLimits): Admission {
  const places = new FairShare<string>(inAll, perClient);
  /** The calls that wait, by client; the clients in the order of their turns. */
  const waiting = new Map<string, Set<() => void>>();

  function leave(client: string): void {
    places.give(client, 1);
    for (const [next, calls] of waiting) {
      if (places.total === places.max) return;
      if (places.tryTake(next, 1)) beginFirst(next, calls);
    }
  }

  /** The client has its next turn after all others. */
  function beginFirst(client: string, calls: Set<() => void>): void {
    const [goOn] = calls;
    waiting.delete(client);
    if (calls.size > 1) waiting.set(client, calls);
    goOn?.();
  }

  function untilPlace(client: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const calls = waiting.get(client) ?? new Set();
    if (calls.size >= waitingPerClient) throw tooManyCalls(waitingPerClient);
    const end = () => {
      signal.removeEventListener('abort', giveUp);
      calls.delete(goOn);
    };
    const goOn = () => {
      end();
      resolve();
    };
    const giveUp = () => {
      end();
      if (calls.size === 0) waiting.delete(client);
      reject(signal.reason);
    };
    signal.addEventListener('abort', giveUp);
    waiting.set(client, calls.add(goOn));
    return promise;
  }

  return {
    async enter(client, signal) {
      signal.throwIfAborted();
      if (!places.tryTake(client, 1)) await untilPlace(client, signal);
      // If the client has gone or has reset the call at once, the next turn of the event loop knows it.
      await nextTurn();
      let isInside = true;
      const end = () => {
        if (isInside) leave(client);
        isInside = false;
      };
      if (signal.aborted) end();
      signal.throwIfAborted();
      return end;
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
