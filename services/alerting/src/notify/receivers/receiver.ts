import type { FormedMessage } from '../notification.ts';

/** What became of an attempt to send a message. Reasons are one line and have no secret. */
export type Outcome =
  | { readonly kind: 'delivered' }
  /** It may succeed later, not before `afterMs` from now if the receiver says so. */
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number | undefined }
  /** The receiver does not want it. If `isFinal`, no attempt will change that. */
  | { readonly kind: 'refused'; readonly reason: string; readonly isFinal: boolean }
  /** The receiver wants nothing more, ever. */
  | { readonly kind: 'gone'; readonly reason: string };

export interface Receiver {
  /** Tries once. It never rejects, and it ends soon after the signal is aborted. */
  send(message: FormedMessage, signal: AbortSignal): Promise<Outcome>;
}

export const DELIVERED = { kind: 'delivered' } as const satisfies Outcome;

export const retry = (reason: string, afterMs?: number) =>
  ({ kind: 'retry', reason, afterMs }) as const satisfies Outcome;
