import type {
  ListSamplesRequest,
  ListSamplesResponse,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { signalsToWire } from '@odograph/contracts/signals';
import { isSignalName } from '@odograph/kernel/signal';
import type { CallContext } from '@odograph/platform/grpc-handler';
import { countSamples, readSamples, type SampleRange } from '../domain/read-samples.ts';
import { LATEST_OBSERVED_AT_MS, type RecordedSample, type SamplePlace } from '../domain/recorded-sample.ts';
import { windowKeyOf } from '../domain/sample-window.ts';
import type { SamplesSlice } from '../domain/samples.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { Views } from '../views/views.ts';
import { badToken, decodePageToken, encodePageToken } from './page-token.ts';
import { checkPosition, checkVehicleId, invalid, pageSizeOf } from './request-checks.ts';

export interface SampleParts {
  readonly partitionCount: number;
  readonly views: Pick<Views, 'reader'>;
  readonly samples: ReadModel<SamplesSlice>;
}

const LIST = 'samples';

export function sampleQueries({ partitionCount, views, samples }: SampleParts) {
  const { reader } = views;

  /** A vehicle's windows one after the other, each as of its own moment: the first one's position holds for all. */
  async function* windows(vehicleId: string, keys: readonly string[], signal: AbortSignal) {
    for (const key of keys) {
      signal.throwIfAborted();
      const slice = (await reader.read(samples, vehicleId, { from: key, to: key })).slices.get(key);
      if (slice) yield slice;
    }
  }

  async function listSamples(
    request: ListSamplesRequest,
    { signal }: CallContext,
  ): Promise<ListSamplesResponse> {
    const vehicleId = checkVehicleId(request.vehicleId);
    const range = rangeOf(request);
    const after = placeOf(request.pageToken);
    const limit = pageSizeOf(request.pageSize);
    if (request.atLeast) {
      await reader.reach(checkPosition('at_least', request.atLeast, partitionCount), signal);
    }
    const position = reader.positionOf(vehicleId);
    const all = { from: windowKeyOf(range.fromMs), to: windowKeyOf(range.toMs - 1) };
    const { keys, parked } = await reader.keysOf(samples, vehicleId, all);
    const first = windowKeyOf(after?.observedAtMs ?? range.fromMs);
    const page: RecordedSample[] = [];
    for await (const slice of windows(
      vehicleId,
      keys.filter((key) => key >= first),
      signal,
    )) {
      page.push(...readSamples(slice, { ...range, after, limit: limit + 1 - page.length }));
      if (page.length > limit) break;
    }
    const shown = page.slice(0, limit);
    return {
      samples: shown.map(toWire),
      nextPageToken: page.length > limit ? tokenOf(shown.at(-1)) : '',
      total: request.withTotal ? await count(vehicleId, keys, range, signal) : undefined,
      position,
      parkedAt: parked?.position,
    };
  }

  async function count(vehicleId: string, keys: readonly string[], range: SampleRange, signal: AbortSignal) {
    let total = 0;
    for await (const slice of windows(vehicleId, keys, signal)) total += countSamples(slice, range);
    return total;
  }

  return { listSamples };
}

function toWire({ observedAtMs, reportId, signals }: RecordedSample) {
  return { observedAtMs, reportId, signals: signalsToWire(signals) };
}

function rangeOf({ fromMs, toMs, signals }: ListSamplesRequest): SampleRange {
  const end = toMs === 0 ? LATEST_OBSERVED_AT_MS + 1 : toMs;
  if (fromMs < 0) throw invalid('from_ms', 'OUT_OF_RANGE', 'is before 1970');
  if (end > LATEST_OBSERVED_AT_MS + 1) throw invalid('to_ms', 'OUT_OF_RANGE', 'is after the year 9999');
  if (end <= fromMs) throw invalid('to_ms', 'EMPTY_RANGE', `${toMs} is not after from_ms ${fromMs}`);
  const unknown = signals.findIndex((name) => !isSignalName(name));
  if (unknown >= 0) {
    const description = `${signals[unknown]} is neither a known signal nor a VSS path`;
    throw invalid(`signals[${unknown}]`, 'UNKNOWN_SIGNAL', description);
  }
  return { fromMs, toMs: end, ...(signals.length > 0 ? { signals } : {}) };
}

function placeOf(token: string): SamplePlace | undefined {
  const key = decodePageToken(LIST, token);
  if (!key) return undefined;
  const [observedAtMs, reportId] = key;
  if (typeof observedAtMs !== 'number' || typeof reportId !== 'string') throw badToken();
  return { observedAtMs, reportId };
}

const tokenOf = (place: SamplePlace | undefined): string =>
  place ? encodePageToken(LIST, [place.observedAtMs, place.reportId]) : '';
