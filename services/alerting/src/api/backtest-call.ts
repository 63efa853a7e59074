import type {
  AlertRulesBacktestRequest,
  AlertRulesBacktestResponse,
  BacktestTimeline,
  BacktestDifference as WireDifference,
  BacktestEpisode as WireEpisode,
} from '@odograph/contracts/generated/odograph/alerting/v1/alert_rules';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { createQuota } from '@odograph/platform/grpc/quota';
import { invalid } from '@odograph/platform/grpc/request-checks';
import type { BacktestOutcome } from '../backtest/backtest-threads.ts';
import type { BacktestProgress, BacktestRequest } from '../backtest/partition-backtest.ts';
import type { BacktestEpisode } from '../backtest/rule-backtest.ts';
import { differenceOf, summaryOf } from '../backtest/summary.ts';
import type { RuleDocument } from '../rules/rule-document.ts';

export type Backtest = (
  request: BacktestRequest,
  signal: AbortSignal,
) => AsyncGenerator<BacktestProgress, BacktestOutcome, undefined>;

/** They read much of the log, beside what is evaluated live. */
export const MAX_BACKTESTS = { perClient: 1, inAll: 2 };
const DEFAULT_EVENTS = 10_000_000;
export const MAX_EVENTS = 100_000_000;
export const MAX_LISTED = 1_000;

/** The one rule of a document, checked. */
export type ReadRule = (document: string) => RuleDocument;

/** Tries a rule, or two revisions of it, on a part of the log. */
export function backtestCall(run: Backtest, readRule: ReadRule) {
  const places = createQuota({ name: 'backtests', ...MAX_BACKTESTS });
  return async function* backtest(
    request: AlertRulesBacktestRequest,
    { client, signal }: CallContext,
  ): AsyncGenerator<AlertRulesBacktestResponse, void, undefined> {
    const asked = requestOf(request, readRule);
    using _place = places.open(client, 1);
    const startMs = performance.now();
    const running = run(asked, signal);
    for (let step = await running.next(); ; step = await running.next()) {
      if (!step.done) yield { ...step.value, result: undefined };
      else {
        const tookMs = Math.round(performance.now() - startMs);
        yield { share: 1, events: step.value.events, result: resultOf(step.value, asked, tookMs) };
        return;
      }
    }
  };
}

function requestOf(request: AlertRulesBacktestRequest, readRule: ReadRule): BacktestRequest {
  const { document, otherDocument, fromMs, toMs, maxEvents, withStateHashes: withHashes } = request;
  if (toMs <= fromMs) throw invalid('to_ms', 'ORDER', 'must be after from_ms');
  const documents = otherDocument === '' ? [document] : [document, otherDocument];
  for (const each of documents) readRule(each);
  return {
    documents,
    ...{ fromMs, toMs, withHashes, maxEvents: Math.min(maxEvents || DEFAULT_EVENTS, MAX_EVENTS) },
  };
}

function resultOf(
  { timelines, vehicles, hashes }: BacktestOutcome,
  { fromMs, toMs }: Pick<BacktestRequest, 'fromMs' | 'toMs'>,
  tookMs: number,
): AlertRulesBacktestResponse['result'] {
  const [first, other] = timelines;
  const toWire = (episodes: readonly BacktestEpisode[]) =>
    timelineToWire(episodes, { vehicles, lengthMs: toMs - fromMs });
  return {
    asKnownThen: toWire(first?.asKnownThen ?? []),
    asKnownNow: toWire(first?.asKnownNow ?? []),
    otherAsKnownThen: other && toWire(other.asKnownThen),
    difference: other && differenceToWire(first?.asKnownThen ?? [], other.asKnownThen),
    ...{ vehicles, flapping: first?.flapping ?? 0, tookMs, stateHashes: [...hashes] },
  };
}

function timelineToWire(
  episodes: readonly BacktestEpisode[],
  over: Parameters<typeof summaryOf>[1],
): BacktestTimeline {
  return { ...summaryOf(episodes, over), listed: listed(episodes) };
}

function differenceToWire(
  before: readonly BacktestEpisode[],
  after: readonly BacktestEpisode[],
): WireDifference {
  const { added, removed, moved } = differenceOf(before, after);
  return { added: listed(added), removed: listed(removed), moved: listed(moved.map(([, now]) => now)) };
}

const listed = (episodes: readonly BacktestEpisode[]): WireEpisode[] =>
  episodes
    .toSorted((a, b) => a.firedAtMs - b.firedAtMs)
    .slice(0, MAX_LISTED)
    .map(({ id: _, isPaged: __, because: suppressedBecause, ...episode }) => ({
      ...episode,
      suppressedBecause,
    }));
