import type { Client } from '@odograph/client';
import type {
  GetSeriesRequest,
  GetSeriesResponse,
} from '@odograph/contracts/generated/odograph/cache/v1/cached_history';
import { signalsToDomain } from '@odograph/contracts/signals';
import { isSignalName } from '@odograph/kernel/signal';
import { invalid } from '@odograph/platform/grpc/request-checks';
import { Series } from '../domain/series.ts';

const DEFAULT_POINTS = 300;
export const MAX_POINTS = 2_000;
/** More than a day with one each second. */
export const MAX_SERIES_SAMPLES = 100_000;
const PAGE_SIZE = 1_000;

/**
 * A signal over a time range, from the samples that history has. The answer reflects what its first page does.
 * @throws {Fault} INVALID_INPUT for a range that is empty or has too many samples, and for a signal with values that are not numbers
 */
export async function readSeries(
  client: Pick<Client, 'samplePage'>,
  request: GetSeriesRequest,
  abort: AbortSignal,
): Promise<GetSeriesResponse> {
  checkSeries(request);
  const { vehicleId, signal, fromMs, toMs, points, atLeast } = request;
  const series = new Series(fromMs, toMs, points);
  const options = {
    fromMs,
    toMs,
    signals: [signal],
    pageSize: PAGE_SIZE,
    atLeast,
    signal: abort,
    maxAttempts: 1,
  };
  const first = await client.samplePage(vehicleId, { ...options, withTotal: true });
  if ((first.total ?? 0) > MAX_SERIES_SAMPLES)
    throw invalid(
      'to_ms',
      'RANGE_TOO_LARGE',
      `the range has ${first.total} samples of ${signal}, at most ${MAX_SERIES_SAMPLES} are allowed: ask for a shorter one`,
    );
  // Another process of history may be behind the one that answered.
  const later = { ...options, atLeast: first.position };
  for (let page = first; ; ) {
    for (const { observedAtMs, signals } of page.samples)
      series.add(observedAtMs, numberOf(signal, signals && signalsToDomain(signals)[signal]));
    if (page.nextPageToken === '') break;
    page = await client.samplePage(vehicleId, { ...later, pageToken: page.nextPageToken });
  }
  const { position, parkedAt } = first;
  const { widthMs } = series;
  return { points: [...series.points()], widthMs, position, parkedAt, freshness: undefined };
}

/** The number of parts for a requested one: 0 means the default, and more than the maximum means the maximum. */
export function pointsOf(requested: number): number {
  return Math.min(requested || DEFAULT_POINTS, MAX_POINTS);
}

function checkSeries({ signal, fromMs, toMs }: GetSeriesRequest): void {
  if (!isSignalName(signal))
    throw invalid('signal', 'UNKNOWN_SIGNAL', `is ${signal}, which is not a known signal or a VSS path`);
  if (fromMs < 0) throw invalid('from_ms', 'OUT_OF_RANGE', `is ${fromMs}, but must not be before 1970`);
  if (toMs <= fromMs)
    throw invalid('to_ms', 'EMPTY_RANGE', `is ${toMs}, but must be after from_ms ${fromMs}`);
}

function numberOf(name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw invalid('signal', 'NOT_A_NUMBER', `is ${name}, which has values that are not numbers`);
}
