import {
  type ListSamplesRequest,
  type ListSamplesResponse,
  SampleOrder,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { signalsToWire } from '@odograph/contracts/signals';
import { Fault } from '@odograph/kernel/fault';
import { comparePositions, type Position } from '@odograph/kernel/position';
import { isSignalName } from '@odograph/kernel/signal';
import { MAX_ANSWER_BYTES } from '@odograph/platform/grpc/answer-bytes';
import { beforeDeadline, type CallContext } from '@odograph/platform/grpc/handler';
import {
  badToken,
  decodePageToken,
  encodePageToken,
  type ListQuery,
} from '@odograph/platform/grpc/page-token';
import { checkAtLeast, checkVehicleId, invalid, pageSizeOf } from '@odograph/platform/grpc/request-checks';
import { inTurns, WorkTurn } from '@odograph/platform/work-turn';
import {
  LATEST_OBSERVED_AT_MS,
  type RecordedSample,
  type SampleKey,
} from '@odograph/projections/recorded-sample';
import {
  countSamples,
  type FoundSamples,
  rangeLeft,
  readSamples,
  type SamplePage,
  type SampleRange,
  type Steps,
} from '../domain/samples/read-samples.ts';
import { isBlock, type SampleBlock } from '../domain/samples/sample-block.ts';
import { windowKeyOf } from '../domain/samples/sample-window.ts';
import type { SamplesSlice } from '../domain/samples/samples.ts';
import type { Parked } from '../views/checkpoints.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { ReadModelStore } from '../views/read-model-store.ts';
import type { KeyRange, View } from '../views/view.ts';
import type { Views } from '../views/views.ts';
import { createRoom } from './room.ts';
import { assertIncludes } from './vehicle-reader.ts';

export interface SampleDeps {
  readonly partitionCount: number;
  readonly views: Pick<Views, 'reader'>;
  readonly samples: ReadModel<SamplesSlice>;
}

/** Samples, and what the views that they were read from include. */
interface Found extends FoundSamples {
  /** The least that a view of it includes. */
  readonly position: Position | undefined;
  /** What was parked in the first view. */
  readonly parked: Parked | undefined;
}

type BoundedPage = SamplePage & { readonly maxBytes: number };

/** The longest request has 256 names of signals of 160 characters. */
export const MAX_REQUEST_BYTES = 64 * 1024;

/** Signals that a request may name; without names it gets all. */
export const MAX_NAMES = 256;
/** Pages that are read at the same time. Each has some MB in memory, and some queries that others wait for. */
export const PAGES_AT_ONCE = 16;

export function sampleQueries({ partitionCount, views, samples }: SampleDeps) {
  const { reader } = views;
  const work = worker(samples.store);
  const roomFor = createRoom(PAGES_AT_ONCE, PAGES_AT_ONCE / 4);

  async function listSamples(request: ListSamplesRequest, call: CallContext): Promise<ListSamplesResponse> {
    const { signal } = call;
    const vehicleId = checkVehicleId(request.vehicleId);
    const range = rangeOf(request);
    const isNewestFirst = orderOf(request.order) === SampleOrder.NEWEST_FIRST;
    const { fromMs, toMs, signals } = range;
    const query = ['samples', vehicleId, fromMs, toMs, signals?.toSorted(), isNewestFirst] as const;
    const after = keyOf(query, request.pageToken);
    const limit = pageSizeOf(request.pageSize);
    const wanted = request.atLeast && checkAtLeast(request.atLeast, { partitionCount, vehicleId });
    if (wanted) await reader.reach(samples, wanted, beforeDeadline(call));
    using _room = await roomFor(1, call);
    // One more than the page has says that there is a next one.
    const {
      samples: found,
      isCut,
      position,
      parked,
    } = await find(
      vehicleId,
      { ...range, isNewestFirst, after, limit: limit + 1, maxBytes: MAX_ANSWER_BYTES },
      signal,
    );
    if (wanted && position) assertIncludes(position, wanted);
    const page = found.slice(0, isCut ? Math.max(1, found.length - 1) : limit);
    return {
      samples: page.map(toWire),
      nextPageToken: isCut || found.length > page.length ? tokenOf(query, page.at(-1)) : '',
      total: request.withTotal ? await count(vehicleId, range, signal) : undefined,
      position,
      parkedAt: parked?.position,
    };
  }

  async function find(vehicleId: string, page: BoundedPage, signal: AbortSignal): Promise<Found> {
    const windows = windowsOf(rangeLeft(page));
    const stretches = page.isNewestFirst ? reader.stretchesBack : reader.stretches;
    const found: RecordedSample[] = [];
    const turn = new WorkTurn(signal);
    let [bytes, isCut] = [0, false];
    const read: Pick<View<SamplesSlice>, 'position' | 'parked'>[] = [];
    for await (const view of stretches(samples, vehicleId, windows, signal)) {
      signal.throwIfAborted();
      read.push({ position: view.position, parked: view.parked });
      for (const [key, slice] of view.slices) {
        const left = { limit: page.limit - found.length, maxBytes: page.maxBytes - bytes };
        const more = await work(readSamples(slice, { ...page, ...left }), { vehicleId, key }, turn);
        found.push(...more.samples);
        bytes += more.bytes;
        isCut = more.isCut;
        if (isCut) break;
      }
      if (found.length >= page.limit || isCut) break;
    }
    // Each view has its own position; a later one may have fallen behind the first.
    const [position] = read.map((view) => view.position).sort(comparePositions);
    return { samples: found, bytes, isCut, position, parked: read[0]?.parked };
  }

  async function count(vehicleId: string, range: SampleRange, signal: AbortSignal): Promise<number> {
    const turn = new WorkTurn(signal);
    let total = 0;
    const stretches = reader.stretches(samples, vehicleId, windowsOf(range), signal);
    for await (const { slices } of stretches) {
      signal.throwIfAborted();
      for (const [key, slice] of slices)
        total += await work(countSamples(slice, range), { vehicleId, key }, turn);
    }
    return total;
  }

  return { listSamples };
}

/** A window of a vehicle, by its key. */
interface Window {
  readonly vehicleId: string;
  readonly key: string;
}

/** Takes the steps of a work on a window, and reads the blocks that it asks for. */
function worker({ loadDocument }: Pick<ReadModelStore, 'loadDocument'>) {
  async function readBlock({ vehicleId, key }: Window, n: number): Promise<SampleBlock> {
    const block = await loadDocument(vehicleId, key, n);
    if (isBlock(block)) return block;
    const message = `the samples of ${vehicleId} are folded again just now: retry`;
    throw new Fault('UNAVAILABLE', message, { retryAfterMs: 1_000 });
  }
  return <T>(steps: Steps<T>, window: Window, turn: WorkTurn): Promise<T> =>
    inTurns(steps, turn, ({ n }) => readBlock(window, n));
}

function windowsOf({ fromMs, toMs }: SampleRange): KeyRange {
  return { from: windowKeyOf(fromMs), to: windowKeyOf(toMs - 1) };
}

function toWire({ observedAtMs, reportId, signals }: RecordedSample) {
  return { observedAtMs, reportId, signals: signalsToWire(signals) };
}

const ORDERS: ReadonlySet<number> = new Set([
  SampleOrder.UNSPECIFIED,
  SampleOrder.OLDEST_FIRST,
  SampleOrder.NEWEST_FIRST,
]);

function orderOf(order: SampleOrder): SampleOrder {
  if (ORDERS.has(order)) return order;
  throw invalid('order', 'UNKNOWN_ORDER', `is ${order}, but must be oldest first (1) or newest first (2)`);
}

function rangeOf({ fromMs, toMs, signals }: ListSamplesRequest): SampleRange {
  const end = toMs === 0 ? LATEST_OBSERVED_AT_MS + 1 : toMs;
  if (fromMs < 0) throw invalid('from_ms', 'OUT_OF_RANGE', `is ${fromMs}, but must not be before 1970`);
  if (end > LATEST_OBSERVED_AT_MS + 1)
    throw invalid('to_ms', 'OUT_OF_RANGE', 'must not be after the year 9999');
  if (end <= fromMs) throw invalid('to_ms', 'EMPTY_RANGE', `is ${toMs}, but must be after from_ms ${fromMs}`);
  return { fromMs, toMs: end, ...(signals.length > 0 ? { signals: namesOf(signals) } : {}) };
}

/** The requested names, each once. */
function namesOf(signals: readonly string[]): readonly string[] {
  if (signals.length > MAX_NAMES)
    throw invalid(
      'signals',
      'TOO_MANY_SIGNALS',
      `has ${signals.length} names, but must have at most ${MAX_NAMES}`,
    );
  const unknown = signals.findIndex((name) => !isSignalName(name));
  if (unknown >= 0) {
    const description = `is ${signals[unknown]}, which is not a known signal or a VSS path`;
    throw invalid(`signals[${unknown}]`, 'UNKNOWN_SIGNAL', description);
  }
  return [...new Set(signals)];
}

function keyOf(query: ListQuery, token: string): SampleKey | undefined {
  const key = decodePageToken(query, token);
  if (!key) return undefined;
  const [observedAtMs, reportId] = key;
  if (typeof observedAtMs !== 'number' || typeof reportId !== 'string') throw badToken();
  return { observedAtMs, reportId };
}

const tokenOf = (query: ListQuery, key: SampleKey | undefined): string =>
  key ? encodePageToken(query, [key.observedAtMs, key.reportId]) : '';
