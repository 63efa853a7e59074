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
  /** Throws a Fault OVERLOADED if the client, or all clients, have too many open. Dispose of the result at the end. */
  open(client: string): Disposable;
}

/** When to try again. It is a guess: a stream can end at any time. */
const RETRY_AFTER_MS = 5_000;

export function createQuota({ name, perClient, inAll }: QuotaOptions): Quota {
  const places = new FairShare<string>(inAll, perClient);
  return {
    open(client) {
      if (places.tryTake(client, 1)) return { [Symbol.dispose]: () => places.give(client, 1) };
      throw tooMany(
        places.heldBy(client) < perClient
          ? `${inAll} ${name} of all clients`
          : `${perClient} ${name} a client`,
      );
    },
  };
}

function tooMany(limit: string): Fault {
  const message = `more than ${limit}: close one, then try again`;
  return new Fault('OVERLOADED', message, { limit, retryAfterMs: RETRY_AFTER_MS });
}
