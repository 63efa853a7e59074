import { type Clock, systemClock } from '@odograph/kernel/clock';
import type { Source, SourceRow } from '@odograph/sources/source';

/** How many times faster than it was recorded, or as fast as the server takes it. */
export type Speed = number | 'max';

interface PaceOptions {
  readonly speed: Speed;
  /** Waits; its rejection ends the rows. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly clock?: Clock;
}

/** Also the longest sleep: a timer holds at most 24 days. */
const DAY_MS = 86_400_000;

/**
 * Gives the rows of a source at the times of their observation, gaps included. Rows without a time, rows older than the one
 * before, and rows more than a day in the future follow at once.
 */
export function paced(source: Source, options: PaceOptions): Source {
  return options.speed === 'max' ? source : pacedBy(source, options.speed, options);
}

async function* pacedBy(source: Source, factor: number, options: PaceOptions): AsyncGenerator<SourceRow> {
  const { sleep, clock = systemClock } = options;
  let first: { readonly atMs: number; readonly observedMs: number } | undefined;
  for await (const row of source) {
    const observedMs = observedTime(row);
    if (observedMs !== undefined && observedMs < clock.now() + DAY_MS) {
      first ??= { atMs: clock.now(), observedMs };
      const dueMs = first.atMs + (observedMs - first.observedMs) / factor;
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
