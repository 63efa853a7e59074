import type { LogReader } from '@odograph/event-log/log-reader';
import { type LogListener, subscribe } from '@odograph/event-log/subscribe';
import { pause } from '@odograph/kernel/clock';
import type { Tail } from './tail.ts';

interface FollowDeps {
  readonly tail: Tail;
  readonly reader: LogReader;
  readonly listen: LogListener;
  readonly signal: AbortSignal;
  /** Bytes of the tail above which following waits until the read models are stored. */
  readonly maxTailBytes: number;
  readonly onTrouble?: (error: unknown) => void;
  /** Called when the tail has more of the log. */
  readonly onProgress?: () => void;
}

const POLL_MS = 50;

/**
 * Keeps a tail at the head of the log until the signal is aborted. If storing is too slow, it waits instead of using more
 * memory; answers then have an older position but stay right.
 *
 * @throws {Fault} OUT_OF_RANGE if the log ends below the tail.
 */
export async function followLog({
  tail,
  signal,
  maxTailBytes,
  onProgress,
  ...rest
}: FollowDeps): Promise<void> {
  const { partition } = tail;
  for await (const stretch of subscribe({ ...rest, partition, after: tail.head(), signal })) {
    tail.append(stretch);
    onProgress?.();
    while (tail.bytes() > maxTailBytes && !signal.aborted) await pause(POLL_MS, signal);
  }
}
