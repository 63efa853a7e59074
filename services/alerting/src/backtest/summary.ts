import type { BacktestEpisode } from './rule-backtest.ts';

/** What a rule would have cost those who are paged. */
export interface BacktestSummary {
  readonly episodes: number;
  readonly pages: number;
  /** Of a vehicle in a day. */
  readonly pagesPerVehicleDay: number;
  /** The share of episodes that were over within a minute. */
  readonly shareUnderMinute: number;
  /** From when its condition began to hold until it would have been known: the median, and the slowest twentieth. */
  readonly delayP50Ms: number;
  readonly delayP95Ms: number;
}

const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

export function summaryOf(
  episodes: readonly BacktestEpisode[],
  { vehicles, lengthMs }: { readonly vehicles: number; readonly lengthMs: number },
): BacktestSummary {
  const pages = episodes.filter(({ isPaged }) => isPaged).length;
  const vehicleDays = (vehicles * lengthMs) / DAY_MS;
  const short = episodes.filter(
    ({ endedAtMs, firedAtMs }) => (endedAtMs ?? Infinity) - firedAtMs < MINUTE_MS,
  );
  const delays = episodes
    .map(({ knownAtMs, startedAtMs }) => Math.max(0, knownAtMs - startedAtMs))
    .sort((a, b) => a - b);
  return {
    ...{ episodes: episodes.length, pages },
    pagesPerVehicleDay: vehicleDays > 0 ? pages / vehicleDays : 0,
    shareUnderMinute: episodes.length > 0 ? short.length / episodes.length : 0,
    ...{ delayP50Ms: quantile(delays, 0.5), delayP95Ms: quantile(delays, 0.95) },
  };
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** How the episodes of two revisions differ. */
export interface BacktestDifference {
  readonly added: readonly BacktestEpisode[];
  readonly removed: readonly BacktestEpisode[];
  /** The same alert at another time, as the first revision and as the second has it. */
  readonly moved: readonly (readonly [BacktestEpisode, BacktestEpisode])[];
}

/** Two episodes of a vehicle that overlap are the same alert. */
export function differenceOf(
  before: readonly BacktestEpisode[],
  after: readonly BacktestEpisode[],
): BacktestDifference {
  const left = Map.groupBy(before, ({ vehicleId }) => vehicleId);
  const added: BacktestEpisode[] = [];
  const moved: (readonly [BacktestEpisode, BacktestEpisode])[] = [];
  const kept = new Set<BacktestEpisode>();
  for (const episode of after) {
    const same = left.get(episode.vehicleId)?.find((other) => !kept.has(other) && overlap(other, episode));
    if (!same) added.push(episode);
    else {
      kept.add(same);
      if (!isSame(same, episode)) moved.push([same, episode]);
    }
  }
  return { added, removed: before.filter((episode) => !kept.has(episode)), moved };
}

const endOf = ({ endedAtMs }: BacktestEpisode): number => endedAtMs ?? Number.POSITIVE_INFINITY;

const overlap = (a: BacktestEpisode, b: BacktestEpisode): boolean =>
  a.startedAtMs <= endOf(b) && b.startedAtMs <= endOf(a);

const isSame = (a: BacktestEpisode, b: BacktestEpisode): boolean =>
  a.firedAtMs === b.firedAtMs && a.endedAtMs === b.endedAtMs && a.severity === b.severity;
