import type {
  GetStatusRequest,
  GetStatusResponse,
  ListStatusRequest,
  ListStatusResponse,
  VehicleStatus as WireStatus,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { statusBytes, statusToWire } from '@odograph/contracts/status-payload';
import type { VehicleStatus } from '@odograph/kernel/vehicle-status';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { encodeState, stateBytes } from '@odograph/projections/status-state';
import { type KnownVehicle, readVehicle, type VehicleReaderDeps, vehiclePages } from './vehicle-reader.ts';

export function statusQueries(deps: VehicleReaderDeps) {
  const readPage = vehiclePages<ListStatusRequest>(deps, {
    name: 'status',
    bytesOf: ({ known, slice }, { withState }) =>
      withState ? stateBytes(slice) + statusBytes({ ...known, latest: NO_SIGNALS }) : wireOf(known).bytes,
  });
  const { version: projectionVersion } = deps.status.projection;

  async function getStatus(request: GetStatusRequest, call: CallContext): Promise<GetStatusResponse> {
    const { vehicle, position } = await readVehicle(deps, request, call);
    return { status: toWire(vehicle, request.withState), position, projectionVersion };
  }

  async function listStatus(request: ListStatusRequest, call: CallContext): Promise<ListStatusResponse> {
    const { vehicles: found, ...page } = await readPage(request, call);
    const statuses = found.map((vehicle) => toWire(vehicle, request.withState));
    return { statuses, ...page, projectionVersion };
  }

  return { getStatus, listStatus };
}

function toWire({ vehicleId, known, slice, parked }: KnownVehicle, withState: boolean): WireStatus {
  const wire = { ...wireOf(known).status, vehicleId, parkedAt: parked?.position };
  return withState ? { ...wire, signals: undefined, observedAtMs: {}, state: encodeState(slice) } : wire;
}

const NO_SIGNALS = new Map();

/** A status as it is sent, and its bytes, or a few more. */
interface Wire {
  readonly status: WireStatus;
  readonly bytes: number;
}

/** By what is known, because that is the same object until the vehicle changes. */
const wires = new WeakMap<VehicleStatus, Wire>();

function wireOf(known: VehicleStatus): Wire {
  const wire = wires.get(known) ?? { status: statusToWire(known), bytes: statusBytes(known) };
  wires.set(known, wire);
  return wire;
}
