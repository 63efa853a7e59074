import type { Client } from '@odograph/client';
import type { LogEvent } from '@odograph/client/log';

/** The part of the log of a partition that a backtest reads. */
export interface LogSection {
  readonly partition: number;
  /** The sequence after which it begins, and the last one that it may have. */
  readonly after: number;
  readonly through: number;
}

type Log = Pick<Client, 'readLog'>;

/** The sequence after which events were received at a time or later. Events of a partition are nearly in that order. */
export async function sequenceBefore(
  log: Log,
  partition: number,
  atMs: number,
  end: number,
): Promise<number> {
  let [low, high] = [0, end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await firstAfter(log, partition, middle);
    if (found && found.position.sequence <= end && found.event.receivedAtMs < atMs) {
      low = Math.max(middle + 1, found.position.sequence);
    } else high = middle;
  }
  return low;
}

async function firstAfter(log: Log, partition: number, sequence: number): Promise<LogEvent | undefined> {
  const after = [{ partition, sequence }];
  for await (const found of log.readLog({ partitions: [partition], after, limit: 1, types: ALL_TYPES }))
    return found;
  return undefined;
}

/** Time passes also where nothing is reported. */
const ALL_TYPES = ['TimeTicked', 'TelemetryReported'];
