import { FairShare } from '@odograph/kernel/fair-share';
import { Fault } from '@odograph/kernel/fault';

/** A request of which a part has arrived. */
export interface UnfinishedRequest {
  readonly client: string;
  /** Ends it; afterwards it holds nothing. */
  refuse(fault: Fault): void;
}

/** The memory for requests that are not complete. */
export interface Unfinished {
  /**
   * Sets how many bytes a request holds; with 0 it is complete or has ended. If the client has not enough for it, the
   * requests that it has left unfinished for longest are refused, so that a short one gets through beside any number of
   * slow ones.
   */
  hold(request: UnfinishedRequest, bytes: number): void;
}

/** Shares this many bytes among all clients: a client may hold as much as is free, alone half. */
export function createUnfinished(maxBytes: number): Unfinished {
  const share = new FairShare<string>(maxBytes);
  /** What each request holds, of each client in the order in which they began. */
  const held = new Map<string, Map<UnfinishedRequest, number>>();

  function release(request: UnfinishedRequest): void {
    const { client } = request;
    const ofClient = held.get(client);
    share.give(client, ofClient?.get(request) ?? 0);
    ofClient?.delete(request);
    if (ofClient?.size === 0) held.delete(client);
  }

  /** Refuses the oldest request of the client. @returns whether it was another one. */
  function refuseOldest(request: UnfinishedRequest): boolean {
    const [oldest = request] = held.get(request.client)?.keys() ?? [];
    release(oldest);
    oldest.refuse(tooMuchUnfinished(maxBytes));
    return oldest !== request;
  }

  return {
    hold(request, bytes) {
      const before = held.get(request.client)?.get(request) ?? 0;
      if (bytes === 0) return before > 0 ? release(request) : undefined;
      while (!share.tryTake(request.client, bytes - before)) if (!refuseOldest(request)) return;
      const ofClient = held.get(request.client) ?? new Map<UnfinishedRequest, number>();
      held.set(request.client, ofClient.set(request, bytes));
    },
  };
}

function tooMuchUnfinished(maxBytes: number): Fault {
  const limit = `${maxBytes} bytes for the unfinished requests of all clients, at most half of them for one`;
  return new Fault('OVERLOADED', `more than ${limit}: send fewer at the same time, or faster`, {
    limit,
    retryAfterMs: 1_000,
  });
}
