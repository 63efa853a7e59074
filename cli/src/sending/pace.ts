import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '@odograph/kernel/clock';
import type { Source, SourceRow } from '@odograph/sources/source';

/** How many times faster than it was recorded, or as fast as it is taken. */
export type Speed = number | 'max';

export interface PaceOptions {
  readonly speed: Speed;
  readonly clock?: Clock;
  /** Resolves after a while; rejects when the run is called off. */
  readonly sleep?: (ms: number) => Promise<void>;
}

const DAY_MS = 86_400_000;

/**
 * Gives the rows of a source in the rhythm in which they were observed, gaps included. Rows that tell no time, that are
 * older than the one before, or that lie more than a day in the future, which no one can wait for, follow at once.
 */
export async function* paced(source: Source, options: PaceOptions): AsyncGenerator<SourceRow> {
  const { speed, clock = systemClock, sleep = delay } = options;
  if (speed === 'max') return yield* source;
  let began: { readonly atMs: number; readonly observedMs: number } | undefined;
  for await (const row of source) {
    const observedMs = observedTime(row);
    if (observedMs !== undefined && observedMs < clock.now() + DAY_MS) {
      began ??= { atMs: clock.now(), observedMs };
      const dueMs = began.atMs + (observedMs - began.observedMs) / speed;
      // In steps, for a timer cannot hold more than 24 days.
      for (let leftMs = dueMs - clock.now(); leftMs > 0; leftMs = dueMs - clock.now()) {
        await sleep(Math.min(DAY_MS, leftMs));
      }
    }
    yield row;
  }
}

function observedTime(row: SourceRow): number | undefined {
  return ('report' in row && row.report.samples[0]?.observedAtMs) || undefined;
}
