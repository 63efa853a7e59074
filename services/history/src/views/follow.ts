import type { LogReader } from '@odograph/event-log/log-reader';
import { type LogListener, subscribe } from '@odograph/event-log/subscribe';
import { pause } from '@odograph/kernel/clock';
import type { Tail } from './tail.ts';

export interface FollowParts {
  readonly tail: Tail;
  readonly reader: LogReader;
  readonly listen: LogListener;
  readonly signal: AbortSignal;
  /** Bytes of the tail at which following waits for the read models to be stored. */
  readonly maxTailBytes: number;
  readonly onTrouble?: (error: unknown) => void;
}

const ROOM_POLL_MS = 50;

/**
 * Keeps a tail at the log's head until the signal is aborted. When storing falls behind, it waits rather than
 * grow: answers then say an older position, and none goes wrong.
 */
export async function followLog({ tail, signal, maxTailBytes, ...rest }: FollowParts): Promise<void> {
  const { partition } = tail;
  for await (const stretch of subscribe({ ...rest, partition, after: tail.head(), signal })) {
    tail.append(stretch);
    while (tail.bytes() > maxTailBytes && !signal.aborted) await pause(ROOM_POLL_MS, signal);
  }
}
