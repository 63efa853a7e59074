import { Fault } from '@odograph/kernel/fault';

interface QuotaOptions {
  /** What is counted, in the plural, for messages: `subscriptions`. */
  readonly name: string;
  readonly perClient: number;
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
  const byClient = new Map<string, number>();
  let total = 0;

  function count(client: string, change: 1 | -1): void {
    const open = (byClient.get(client) ?? 0) + change;
    total += change;
    if (open > 0) byClient.set(client, open);
    else byClient.delete(client);
  }

  return {
    open(client) {
      if ((byClient.get(client) ?? 0) >= perClient) throw tooMany(`${perClient} ${name} a client`);
      if (total >= inAll) throw tooMany(`${inAll} ${name} of all clients`);
      count(client, 1);
      return { [Symbol.dispose]: () => count(client, -1) };
    },
  };
}

function tooMany(limit: string): Fault {
  const message = `more than ${limit}: close one, then try again`;
  return new Fault('OVERLOADED', message, { limit, retryAfterMs: RETRY_AFTER_MS });
}
