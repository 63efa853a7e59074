import type { Position as WirePosition } from '@odograph/contracts/generated/odograph/telemetry/v1/position';
import { Fault } from '@odograph/kernel/fault';
import { formatPosition, type Position } from '@odograph/kernel/position';
import { unknownVehicle } from '../commands/registration.ts';
import { statusOf } from '../domain/status/status.ts';
import { matcherOf, type StatusFilter } from '../domain/status/status-filter.ts';
import type { StatusSlice, VehicleStatus } from '../domain/status/status-slice.ts';
import type { Parked } from '../views/checkpoints.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { Views } from '../views/views.ts';
import { badToken, decodePageToken, encodePageToken } from './page-token.ts';
import {
  checkFilterText,
  checkPosition,
  checkVehicleId,
  MAX_FILTER_TEXT,
  pageSizeOf,
} from './request-checks.ts';

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
}

/** A vehicle that has reported or is registered. */
export interface KnownVehicle {
  readonly vehicleId: string;
  readonly known: VehicleStatus;
  readonly parked: Parked | undefined;
}

interface VehiclePage {
  readonly vehicles: readonly KnownVehicle[];
  readonly nextPageToken: string;
  readonly positions: Position[];
}

interface FilledPage {
  readonly vehicles: readonly KnownVehicle[];
  /** The next page begins after this subject; undefined: there is none. */
  readonly next: string | undefined;
}

const FILTER_TEXTS = ['fleet', 'tag', 'model', 'text'] as const;
/** A status has one slice. */
const KEY = '';
/** Vehicles read at once: more than a page has if most of them do not match. */
const MIN_READ = 200;
/** Vehicles that one call reads at most, and one batch more: a text that hardly any vehicle has takes several calls. */
const MAX_READ = 10_000;

/** Reads vehicles for the API, one by its id or a page of a list; `list` is the name in the page tokens. */
export function vehicleReader({ partitionCount, views, status }: VehicleReaderDeps, list: string) {
  const { reader } = views;

  async function one({ atLeast, ...request }: OneRequest, signal: AbortSignal) {
    const vehicleId = checkVehicleId(request.vehicleId);
    if (atLeast) await reader.reach(status, checkPosition('at_least', atLeast, partitionCount), signal);
    const { slices, position, parked } = await reader.read(status, vehicleId, KEY);
    const known = knownOf(slices.get(KEY));
    if (known) return { vehicle: { vehicleId, known, parked }, position };
    throw notFound(vehicleId, parked);
  }

  /** Folds before it filters: what a list filters by may have changed in the tail. */
  async function knownOfEach(subjects: readonly string[]): Promise<KnownVehicle[]> {
    const views = await reader.readEach(status, subjects, KEY);
    return views.flatMap(({ subject: vehicleId, slice, parked }) => {
      const known = knownOf(slice);
      return known ? [{ vehicleId, known, parked }] : [];
    });
  }

  /** Reads until a page is full and has a next one, the list ends, or it has read enough for one call. */
  async function fill(
    filter: StatusFilter,
    { after, limit }: { readonly after: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<FilledPage> {
    const vehicles: KnownVehicle[] = [];
    const having = storedFields(filter);
    const matches = matcherOf(filter);
    const atOnce = isSelective(filter) ? Math.max(limit + 1, MIN_READ) : limit + 1;
    let last = after;
    for (let read = 0; read < MAX_READ && !signal.aborted; ) {
      const subjects = await reader.subjectsAfter(status, { after: last, limit: atOnce, having });
      const found = (await knownOfEach(subjects)).filter((each) => matches(each.vehicleId, each.known));
      vehicles.push(...found);
      if (vehicles.length > limit)
        return { vehicles: vehicles.slice(0, limit), next: vehicles[limit - 1]?.vehicleId };
      if (subjects.length < atOnce) return { vehicles, next: undefined };
      last = subjects.at(-1) ?? last;
      read += subjects.length;
    }
    return { vehicles, next: last };
  }

  async function page(request: PageRequest, signal: AbortSignal): Promise<VehiclePage> {
    const limit = pageSizeOf(request.pageSize);
    for (const field of FILTER_TEXTS) checkFilterText(field, request[field]);
    const [after] = decodePageToken(list, request.pageToken) ?? [''];
    if (typeof after !== 'string' || after.length > MAX_FILTER_TEXT) throw badToken();
    for (const position of request.atLeast) {
      await reader.reach(status, checkPosition('at_least', position, partitionCount), signal);
    }
    const positions = [...reader.positions(status)];
    const { vehicles, next } = await fill(request, { after, limit }, signal);
    return { vehicles, nextPageToken: next === undefined ? '' : encodePageToken(list, [next]), positions };
  }

  return { one, page };
}

export function notFound(vehicleId: string, parked: Parked | undefined): Fault {
  if (!parked) return unknownVehicle(vehicleId);
  const message = `vehicle ${vehicleId} is parked at its first event, ${formatPosition(parked.position)}`;
  return new Fault('NOT_FOUND', message);
}

/** By slice, because the views give the same slice until its vehicle changes. */
const known = new WeakMap<StatusSlice, VehicleStatus | undefined>();

/** Undefined if the vehicle is not known. */
export function knownOf(slice: StatusSlice | undefined): VehicleStatus | undefined {
  if (slice && !known.has(slice)) known.set(slice, statusOf(slice));
  return slice && known.get(slice);
}

/** What stored documents are selected by. The element of a list is selected as a text is. */
function storedFields({ fleet, tag, model }: StatusFilter): Readonly<Record<string, string>> {
  return { ...(fleet && { fleet }), ...(tag && { tags: tag }), ...(model && { model }) };
}

const isSelective = ({ fleet, tag, model, text }: StatusFilter): boolean => fleet + tag + model + text !== '';
