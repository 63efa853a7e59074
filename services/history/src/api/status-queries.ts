import type {
  GetStatusRequest,
  GetStatusResponse,
  ListStatusRequest,
  ListStatusResponse,
  VehicleStatus as WireStatus,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { signalsToWire } from '@odograph/contracts/signals';
import { Fault } from '@odograph/kernel/fault';
import { formatPosition } from '@odograph/kernel/position';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { statusOf } from '../domain/status/status.ts';
import type { StatusSlice } from '../domain/status/status-slice.ts';
import type { Parked } from '../views/checkpoints.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { SubjectView } from '../views/view.ts';
import type { Views } from '../views/views.ts';
import { badToken, decodePageToken, encodePageToken } from './page-token.ts';
import { checkPosition, checkVehicleId, pageSizeOf } from './request-checks.ts';

export interface StatusDeps {
  readonly partitionCount: number;
  readonly views: Pick<Views, 'reader'>;
  readonly status: ReadModel<StatusSlice>;
}

/** A status has one slice. */
const KEY = '';
const LIST = 'status';

export function statusQueries({ partitionCount, views, status }: StatusDeps) {
  const { reader } = views;

  async function getStatus(request: GetStatusRequest, { signal }: CallContext): Promise<GetStatusResponse> {
    const vehicleId = checkVehicleId(request.vehicleId);
    if (request.atLeast) {
      await reader.reach(status, checkPosition('at_least', request.atLeast, partitionCount), signal);
    }
    const { slices, position, parked } = await reader.read(status, vehicleId, KEY);
    const found = toWire(vehicleId, slices.get(KEY), parked);
    if (!found) throw unknownVehicle(vehicleId, parked);
    return { status: found, position };
  }

  async function listStatus(
    request: ListStatusRequest,
    { signal }: CallContext,
  ): Promise<ListStatusResponse> {
    const limit = pageSizeOf(request.pageSize);
    const after = lastVehicleOf(request.pageToken);
    for (const position of request.atLeast) {
      await reader.reach(status, checkPosition('at_least', position, partitionCount), signal);
    }
    const positions = [...reader.positions(status)];
    const page = await fillPage({ fleet: request.fleet, after, limit: limit + 1 }, signal);
    const statuses = page.slice(0, limit);
    const last = statuses.at(-1);
    const nextPageToken = last && page.length > limit ? encodePageToken(LIST, [last.vehicleId]) : '';
    return { statuses, nextPageToken, positions };
  }

  /** Folds before it filters: what a list filters by may have changed in the tail. */
  async function fillPage(
    { fleet, after, limit }: { fleet: string; after: string; limit: number },
    signal: AbortSignal,
  ): Promise<WireStatus[]> {
    const page: WireStatus[] = [];
    const having = fleet === '' ? {} : { fleet };
    for (let last = after; page.length < limit && !signal.aborted; ) {
      const subjects = await reader.subjectsAfter(status, { after: last, limit, having });
      const folded = await reader.readEach(status, subjects, KEY);
      page.push(...folded.flatMap(statusOfView).filter((found) => isOfFleet(found, fleet)));
      if (subjects.length < limit) break;
      last = subjects.at(-1) ?? last;
    }
    return page.slice(0, limit);
  }

  return { getStatus, listStatus };
}

function unknownVehicle(vehicleId: string, parked: Parked | undefined): Fault {
  const why = parked
    ? `is parked at its first event, ${formatPosition(parked.position)}`
    : 'has never reported';
  return new Fault('NOT_FOUND', `vehicle ${vehicleId} ${why}`);
}

function lastVehicleOf(token: string): string {
  const [vehicleId] = decodePageToken(LIST, token) ?? [''];
  if (typeof vehicleId !== 'string') throw badToken();
  return vehicleId;
}

const isOfFleet = (found: WireStatus, fleet: string): boolean => fleet === '' || found.fleet === fleet;

const statusOfView = ({ subject, slice, parked }: SubjectView<StatusSlice>): WireStatus[] => {
  const found = toWire(subject, slice, parked);
  return found ? [found] : [];
};

function toWire(
  vehicleId: string,
  slice: StatusSlice | undefined,
  parked: Parked | undefined,
): WireStatus | undefined {
  const found = slice && wireOf(vehicleId, slice);
  return found && { ...found, parkedAt: parked?.position };
}

/** By slice, because the views give the same slice until its vehicle reports again. */
const wires = new WeakMap<StatusSlice, WireStatus | undefined>();

function wireOf(vehicleId: string, slice: StatusSlice): WireStatus | undefined {
  if (!wires.has(slice)) wires.set(slice, makeWire(vehicleId, slice));
  return wires.get(slice);
}

function makeWire(vehicleId: string, slice: StatusSlice): WireStatus | undefined {
  const known = statusOf(slice);
  if (!known) return undefined;
  const latest = [...known.latest];
  return {
    vehicleId,
    fleet: known.fleet,
    model: known.model,
    vin: known.vin,
    vinCheckDigitOk: known.isVinCheckDigitRight,
    signals: signalsToWire(Object.fromEntries(latest.map(([name, { value }]) => [name, value]))),
    observedAtMs: Object.fromEntries(latest.map(([name, { observedAtMs }]) => [name, observedAtMs])),
    lastObservedAtMs: known.lastObservedAtMs ?? 0,
    lastReceivedAtMs: known.lastReceivedAtMs,
    parkedAt: undefined,
  };
}
