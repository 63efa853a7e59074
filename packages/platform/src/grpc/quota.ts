import { FairShare } from '@odograph/kernel/fair-share';
import { Fault } from '@odograph/kernel/fault';

interface QuotaOptions {
  /** What is counted, in the plural, for messages: `subscriptions`. */
  readonly name: string;
  readonly perClient: number;
  /** Near it, a client may have as many as are free. */
  readonly inAll: number;
}

/** Counts what clients have open, such as streams that stay. */
export interface Quota {
  /**
   * Throws a Fault OVERLOADED if the client, or all clients, have too many open. Dispose of the result at the end.
   * @param places what it counts as, such as 10 of them; more than a client may have count as those
   */
  open(client: string, places?: number): Disposable;
}

/** When to try again. It is a guess: a stream can end at any time. */
const RETRY_AFTER_MS = 5_000;

export function createQuota({ name, perClient, inAll }: QuotaOptions): Quota {
  const places = new FairShare<string>(inAll, perClient);
  return {
    open(client, weight = 1) {
      const taken = Math.min(weight, perClient);
      if (places.tryTake(client, taken)) return { [Symbol.dispose]: () => places.give(client, taken) };
      const limit =
        places.heldBy(client) + taken <= perClient
          ? `${inAll} ${name} of all clients`
          : `${perClient} ${name} a client`;
      throw tooMany(limit, taken);
    },
  };
}

function tooMany(limit: string, taken: number): Fault {
  const counts = taken === 1 ? '' : `, and this one counts as ${taken}`;
  const message = `more than ${limit}${counts}: close one, then try again`;
  return new Fault('OVERLOADED', message, { limit, retryAfterMs: RETRY_AFTER_MS });
}
