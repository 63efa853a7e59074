import { FairShare } from '@odograph/kernel/fair-share';
import { Fault } from '@odograph/kernel/fault';

/** A call whose requests take memory. */
export interface RequestHolder {
  readonly client: string;
  /** Ends the call, which then holds nothing. */
  refuse(fault: Fault): void;
}

/** The memory for calls and their requests. */
export interface RequestMemory {
  /**
   * Sets how many bytes a call holds, and whether a request of it has not arrived whole. If its client has not enough for
   * that, the calls that it has left unfinished for longest are refused first, and then the call itself: a short one gets
   * through beside any number of slow ones.
   */
  hold(call: RequestHolder, bytes: number, isUnfinished: boolean): void;
  /** The call has ended. */
  release(call: RequestHolder): void;
}

/** Shares this many bytes among all clients: a client may hold as much as is free, alone half. */
export function createRequestMemory(maxBytes: number): RequestMemory {
  const share = new FairShare<string>(maxBytes);
  const held = new Map<RequestHolder, number>();
  /** Of each client, in the order in which they began. */
  const unfinished = new Map<string, Set<RequestHolder>>();

  function mark(call: RequestHolder, isUnfinished: boolean): void {
    const calls = unfinished.get(call.client) ?? new Set();
    if (isUnfinished) unfinished.set(call.client, calls.add(call));
    else if (calls.delete(call) && calls.size === 0) unfinished.delete(call.client);
  }

  function release(call: RequestHolder): void {
    share.give(call.client, held.get(call) ?? 0);
    held.delete(call);
    mark(call, false);
  }

  /** Refuses the oldest unfinished call of the client, or else this one. @returns whether it was another one. */
  function refuseOldest(call: RequestHolder): boolean {
    const [oldest = call] = unfinished.get(call.client) ?? [];
    release(oldest);
    oldest.refuse(tooMuch(maxBytes));
    return oldest !== call;
  }

  return {
    hold(call, bytes, isUnfinished) {
      const more = bytes - (held.get(call) ?? 0);
      if (more <= 0) share.give(call.client, -more);
      else while (!share.tryTake(call.client, more)) if (!refuseOldest(call)) return;
      held.set(call, bytes);
      mark(call, isUnfinished);
    },
    release,
  };
}

function tooMuch(maxBytes: number): Fault {
  const limit = `${maxBytes} bytes for the unfinished requests of all clients, at most half of them for one`;
  return new Fault('OVERLOADED', `more than ${limit}: send fewer at the same time, or faster`, {
    limit,
    retryAfterMs: 1_000,
  });
}
