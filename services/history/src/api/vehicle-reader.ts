import type { Position as WirePosition } from '@odograph/contracts/generated/odograph/telemetry/v1/position';
import { Fault } from '@odograph/kernel/fault';
import { formatPosition, type Position } from '@odograph/kernel/position';
import { MAX_ANSWER_BYTES } from '@odograph/platform/grpc/answer-bytes';
import { beforeDeadline, type CallContext } from '@odograph/platform/grpc/handler';
import { badToken, decodePageToken, encodePageToken } from '@odograph/platform/grpc/page-token';
import {
  checkAtLeast,
  checkAtLeastOfEach,
  checkFilterText,
  checkVehicleId,
  checkVehicleIds,
  pageSizeOf,
} from '@odograph/platform/grpc/request-checks';
import { MAX_OTHER_SIGNALS } from '@odograph/projections/signal-merge';
import { statusOf } from '@odograph/projections/status';
import { matcherOf, type StatusFilter } from '@odograph/projections/status-filter';
import type { FoldedStatus, StatusSlice } from '@odograph/projections/status-slice';
import { unknownVehicle } from '../commands/registration.ts';
import type { Parked } from '../views/checkpoints.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { SubjectsAfter } from '../views/subject-pages.ts';
import type { SubjectView } from '../views/view.ts';
import type { Views } from '../views/views.ts';
import { createRoom } from './room.ts';

export interface VehicleReaderDeps {
  readonly partitionCount: number;
  readonly views: Pick<Views, 'reader'>;
  readonly status: ReadModel<StatusSlice>;
}

interface OneRequest {
  readonly vehicleId: string;
  readonly atLeast?: WirePosition | undefined;
}

/** What every request for a list of vehicles has. */
interface PageRequest extends StatusFilter {
  readonly pageSize: number;
  readonly pageToken: string;
  readonly atLeast: readonly WirePosition[];
  /** Only these; absent or empty: all. */
  readonly vehicleIds?: readonly string[];
}

/** A vehicle that has reported or is registered. */
export interface KnownVehicle {
  readonly vehicleId: string;
  readonly known: FoldedStatus;
  /** What is known of it, as it is folded. */
  readonly slice: StatusSlice;
  readonly parked: Parked | undefined;
}

interface VehiclePage {
  readonly vehicles: readonly KnownVehicle[];
  readonly nextPageToken: string;
  readonly positions: Position[];
}

interface FilledPage {
  readonly vehicles: readonly KnownVehicle[];
  readonly next: string | undefined;
  readonly positions: Position[];
}

const FILTER_TEXTS = ['fleet', 'tag', 'model', 'text'] as const;
/** A status has one slice. */
const KEY = '';
/** Vehicles that are read at first, before it is known how large they are. */
const FIRST_READ = 51;
/** Vehicles read at once if most of them may not match. */
const SELECTIVE_READ = 200;
/** Signals that the vehicles of one read may have, by those that were read: 100,000 take 10 to 100 MB. */
const SIGNALS_A_READ = 100_000;
/** Vehicles that lists have in memory at once if each has as many signals as it can, which takes 2 MB; more if they have fewer. */
export const LARGEST_AT_ONCE = 256;
/** Room for lists, in signals. */
const ROOM = LARGEST_AT_ONCE * MAX_OTHER_SIGNALS;
/** A read of small vehicles takes as much, because others also wait for its queries. */
const LEAST_ROOM = ROOM / 16;
/** Vehicles that one call reads at most, and one batch more: a text that hardly any vehicle has takes several calls. */
export const MAX_READ = 10_000;

/** Which vehicles are read and which of them match. */
interface Selection extends StatusFilter {
  /** In order; undefined: all. */
  readonly only: readonly string[] | undefined;
}

/** A list of vehicles in the API. */
interface VehicleList<Request> {
  /** The name in its page tokens. */
  readonly name: string;
  /** The bytes of a vehicle in the answer to a request, or a few more. */
  readonly bytesOf: (vehicle: KnownVehicle, request: Request) => number;
}

/**
 * Throws a Fault UNAVAILABLE if an answer does not include what was asked for: a read model that cannot be stored falls behind
 * when its tail is full, also while it is being read.
 */
export function assertIncludes(answered: Position, wanted: Position): void {
  if (answered.sequence >= wanted.sequence) return;
  const message = `the view has fallen behind ${formatPosition(wanted)} while it was read: retry later`;
  throw new Fault('UNAVAILABLE', message);
}

/** Takes for each partition what a part of an answer includes, if it is less. */
function lower(positions: Position[], read: readonly Position[]): void {
  for (const each of read) {
    const known = positions[each.partition];
    if (known && each.sequence < known.sequence) positions[each.partition] = each;
  }
}

/** Reads a vehicle by its id. Throws a Fault NOT_FOUND if it neither has reported nor is registered. */
export async function readVehicle(
  { partitionCount, views: { reader }, status }: VehicleReaderDeps,
  { atLeast, ...request }: OneRequest,
  call: CallContext,
) {
  const vehicleId = checkVehicleId(request.vehicleId);
  const wanted = atLeast && checkAtLeast(atLeast, { partitionCount, vehicleId });
  if (wanted) await reader.reach(status, wanted, beforeDeadline(call));
  const { slices, position, parked } = await reader.read(status, vehicleId, KEY, call.signal);
  if (wanted) assertIncludes(position, wanted);
  const slice = slices.get(KEY);
  const known = knownOf(slice);
  if (slice && known) return { vehicle: { vehicleId, known, slice, parked }, position };
  throw notFound(vehicleId, parked);
}

/** Reads the pages of a list of vehicles. */
export function vehiclePages<Request extends PageRequest>(
  { partitionCount, views, status }: VehicleReaderDeps,
  list: VehicleList<Request>,
) {
  const { reader } = views;
  const roomFor = createRoom(ROOM);

  /** The vehicles of a list that match, read as fast as the page fills; ends with the list, or after enough for one call. */
  async function* matching(
    filter: Selection,
    filling: Filling,
    call: CallContext,
  ): AsyncGenerator<KnownVehicle> {
    const { next, isSelective } = subjectsOf(filter, (wanted) => reader.subjectsAfter(status, wanted));
    const matches = matcherOf(filter);
    while (filling.read < MAX_READ) {
      call.signal.throwIfAborted();
      const limit = toReadNext(filling, isSelective);
      using _room = await roomFor(Math.max(LEAST_ROOM, Math.ceil(limit * signalsEach(filling))), call);
      lower(filling.positions, reader.positions(status));
      const subjects = await next({ after: filling.through, limit });
      for (const each of await knownOfEach(reader.readEach(status, subjects, KEY, call.signal), filling)) {
        filling.signals += each.known.latest.size;
        if (matches(each.vehicleId, each.known)) yield each;
      }
      filling.through = subjects.at(-1) ?? filling.through;
      filling.read += subjects.length;
      filling.isAtEnd = subjects.length < limit;
      if (filling.isAtEnd) return;
    }
  }

  /** The vehicles of a page, and after which one the next page begins; undefined: there is none. */
  async function fill(
    request: Request,
    {
      only,
      after,
      limit,
    }: { readonly only: Selection['only']; readonly after: string; readonly limit: number },
    call: CallContext,
  ): Promise<FilledPage> {
    const vehicles: KnownVehicle[] = [];
    const filling: Filling = {
      ...{ limit, found: 0, bytes: 0, positions: [...reader.positions(status)] },
      ...{ through: after, read: 0, signals: 0, isAtEnd: false },
    };
    for await (const each of matching({ ...request, only }, filling, call)) {
      const size = list.bytesOf(each, request);
      const isFull =
        filling.found === limit || (filling.found > 0 && filling.bytes + size > MAX_ANSWER_BYTES);
      if (isFull) return { vehicles, next: vehicles.at(-1)?.vehicleId, positions: filling.positions };
      vehicles.push(each);
      filling.found += 1;
      filling.bytes += size;
    }
    const next = filling.isAtEnd ? undefined : filling.through;
    return { vehicles, next, positions: filling.positions };
  }

  return async (request: Request, call: CallContext): Promise<VehiclePage> => {
    const limit = pageSizeOf(request.pageSize);
    const only = checkVehicleIds('vehicle_ids', request.vehicleIds ?? []);
    for (const field of FILTER_TEXTS) checkFilterText(field, request[field]);
    const { fleet, tag, model, text, includeRetired } = request;
    const query = [list.name, fleet, tag, model, text, includeRetired, ...only] as const;
    const [after] = decodePageToken(query, request.pageToken) ?? [''];
    if (typeof after !== 'string') throw badToken();
    const wanted = checkAtLeastOfEach(request.atLeast, partitionCount);
    for (const position of wanted) await reader.reach(status, position, beforeDeadline(call));
    const { vehicles, next, positions } = await fill(
      request,
      { only: only.length > 0 ? only : undefined, after, limit },
      call,
    );
    for (const each of wanted) assertIncludes(positions[each.partition] ?? each, each);
    return { vehicles, nextPageToken: next === undefined ? '' : encodePageToken(query, [next]), positions };
  };
}

/** Folds before it filters: what a list filters by may have changed in the tail. */
async function knownOfEach(
  reading: Promise<readonly SubjectView<StatusSlice>[]>,
  { positions }: Filling,
): Promise<KnownVehicle[]> {
  const views = await reading;
  lower(
    positions,
    views.map(({ position }) => position),
  );
  return views.flatMap(({ subject: vehicleId, slice, parked }) => {
    const known = knownOf(slice);
    return slice && known ? [{ vehicleId, known, slice, parked }] : [];
  });
}

export function notFound(vehicleId: string, parked: Parked | undefined): Fault {
  if (!parked) return unknownVehicle(vehicleId);
  const message = `vehicle ${vehicleId} is parked at its first event, ${formatPosition(parked.position)}`;
  return new Fault('NOT_FOUND', message);
}

/** By slice, because the views give the same slice until its vehicle changes. */
const known = new WeakMap<StatusSlice, FoldedStatus | undefined>();

/** Undefined if the vehicle is not known. */
export function knownOf(slice: StatusSlice | undefined): FoldedStatus | undefined {
  if (slice && !known.has(slice)) known.set(slice, statusOf(slice));
  return slice && known.get(slice);
}

/** A page that is being filled. */
interface Filling {
  /** Vehicles that it may have, that it has, and their bytes. */
  readonly limit: number;
  found: number;
  bytes: number;
  /** The last vehicle that was read, whether it matched or not; how many were read, and how many signals they have. */
  through: string;
  read: number;
  signals: number;
  /** Whether all vehicles of the list were read. */
  isAtEnd: boolean;
  /** What all that was read includes, of each partition. */
  readonly positions: Position[];
}

/** As many vehicles as may still fit on the page, judged by those so far, and one more: is there a next page? */
function toReadNext(filling: Filling, isSelective: boolean): number {
  const { limit, found, bytes, read } = filling;
  if (read === 0) return Math.min(limit + 1, FIRST_READ);
  const fitting = found === 0 ? limit : Math.ceil((MAX_ANSWER_BYTES / bytes) * found) - found;
  const wanted = Math.min(fitting, limit - found) + 1;
  const bearable = Math.ceil(SIGNALS_A_READ / signalsEach(filling));
  return Math.min(isSelective ? Math.max(wanted, SELECTIVE_READ) : wanted, bearable);
}

/** The signals of a vehicle: at first as many as it can have, then those that the ones before it had. */
function signalsEach({ read, signals }: Filling): number {
  return read === 0 ? MAX_OTHER_SIGNALS : Math.max(1, signals / read);
}

/** The vehicles that a selection has at most, some at a time, and whether most of them may not match. */
function subjectsOf(
  { only, ...filter }: Selection,
  subjectsAfter: (wanted: SubjectsAfter) => Promise<readonly string[]>,
) {
  const having = storedFields(filter);
  return {
    isSelective: Object.keys(having).length > 0 || filter.text !== '',
    next: async ({ after, limit }: Omit<SubjectsAfter, 'having'>) =>
      only
        ? only.filter((vehicleId) => vehicleId > after).slice(0, limit)
        : await subjectsAfter({ after, limit, having }),
  };
}

/** What stored documents are selected by. The element of a list is selected as a text is. */
function storedFields({ fleet, tag, model }: StatusFilter): Readonly<Record<string, string>> {
  return { ...(fleet && { fleet }), ...(tag && { tags: tag }), ...(model && { model }) };
}
