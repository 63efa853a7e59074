import type {
  BacktestEpisode,
  BacktestResult,
  BacktestTimeline,
} from '@odograph/client/generated/odograph/alerting/v1/alert_rules';
import { isoTime } from '@odograph/kernel/iso-time';

/** What a backtest was asked for, and found. */
export interface ToldBacktest {
  readonly rule: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly events: number;
  readonly result: BacktestResult;
  /** What the other revision is called; undefined: there is none. */
  readonly comparedWith: string | undefined;
}

/** A backtest, as `odograph backtest --json` prints it. */
export function backtestJson({ rule, fromMs, toMs, events, result, comparedWith }: ToldBacktest) {
  const { asKnownThen, asKnownNow, otherAsKnownThen, difference, vehicles, flapping, tookMs } = result;
  return {
    ...{ rule, from: isoTime(fromMs), to: isoTime(toMs), events, vehicles, flapping, took_ms: tookMs },
    as_known_then: timelineJson(asKnownThen),
    as_known_now: timelineJson(asKnownNow),
    compared_with: comparedWith ?? null,
    other_as_known_then: otherAsKnownThen ? timelineJson(otherAsKnownThen) : null,
    // The service says what the other revision changes; a person asks what this one does.
    difference: difference
      ? {
          added: difference.removed.map(episodeJson),
          removed: difference.added.map(episodeJson),
          moved: difference.moved.map(episodeJson),
        }
      : null,
    state_hashes: result.stateHashes,
  };
}

export type BacktestJson = ReturnType<typeof backtestJson>;

function timelineJson(timeline: BacktestTimeline | undefined) {
  const { episodes = 0, pages = 0, pagesPerVehicleDay = 0, shareUnderMinute = 0 } = timeline ?? {};
  const { delayP50Ms = 0, delayP95Ms = 0, listed = [] } = timeline ?? {};
  return {
    ...{ alerts: episodes, pages, pages_per_vehicle_day: pagesPerVehicleDay },
    ...{ share_under_minute: shareUnderMinute, delay_p50_ms: delayP50Ms, delay_p95_ms: delayP95Ms },
    listed: listed.map(episodeJson),
  };
}

export type TimelineJson = ReturnType<typeof timelineJson>;

function episodeJson({ vehicleId, severity, startedAtMs, firedAtMs, ...others }: BacktestEpisode) {
  const { endedAtMs, knownAtMs, suppressedBecause } = others;
  return {
    ...{ vehicle_id: vehicleId, severity, started_at: isoTime(startedAtMs), fired_at: isoTime(firedAtMs) },
    ended_at: endedAtMs === undefined ? null : isoTime(endedAtMs),
    known_at: isoTime(knownAtMs),
    not_told_because: suppressedBecause === '' ? null : suppressedBecause,
  };
}

export type EpisodeJson = ReturnType<typeof episodeJson>;
