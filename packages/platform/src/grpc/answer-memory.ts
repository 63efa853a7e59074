import { FairShare } from '@odograph/kernel/fair-share';

/** A call with a stream of answers, which wait for their client. */
interface Answered {
  readonly client: string;
}

/**
 * The memory for the answers of streams that wait for their clients. Calls with one answer need none: each has its place until
 * its client has taken the answer, so that no more answers wait than there are places.
 */
export interface AnswerMemory {
  /**
   * Calls `send` at once, or as soon as the client of the call may hold more: how long the answer is, is known only when it
   * is sent. A call has one answer at a time. Those of a client are sent in the order in which they came.
   */
  whenRoom(call: Answered, send: () => void): void;
  /** Sets how many bytes of the call wait for its client. */
  hold(call: Answered, bytes: number): void;
  /** The call has ended: it holds nothing, and what it would send is dropped. */
  release(call: Answered): void;
}

/**
 * Shares this many bytes among all clients: a client may hold as much as is free, alone half, and then one answer more. One
 * that holds nothing can always send, whatever the others hold.
 */
export function createAnswerMemory(maxBytes: number): AnswerMemory {
  const share = new FairShare<string>(maxBytes);
  const held = new Map<Answered, number>();
  /** What is to be sent, by client. */
  const waiting = new Map<string, Map<Answered, () => void>>();

  const hasRoom = (client: string) => share.hasRoom(client) || share.heldBy(client) === 0;

  function forget(call: Answered): void {
    const sends = waiting.get(call.client);
    if (sends?.delete(call) && sends.size === 0) waiting.delete(call.client);
  }

  function sendWhatFits(): void {
    for (const [client, sends] of waiting) {
      for (const [call, send] of sends) {
        if (!hasRoom(client)) break;
        forget(call);
        send();
      }
    }
  }

  function hold(call: Answered, bytes: number): void {
    const more = bytes - (held.get(call) ?? 0);
    if (bytes > 0) held.set(call, bytes);
    else held.delete(call);
    if (more > 0) share.take(call.client, more);
    if (more >= 0) return;
    share.give(call.client, -more);
    sendWhatFits();
  }

  return {
    hold,
    whenRoom(call, send) {
      if (hasRoom(call.client)) send();
      else waiting.set(call.client, (waiting.get(call.client) ?? new Map()).set(call, send));
    },
    release(call) {
      forget(call);
      hold(call, 0);
    },
  };
}
