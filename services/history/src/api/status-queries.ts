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
import { type KnownVehicle, readVehicle, type VehicleReaderDeps, vehiclePages } from './vehicle-reader.ts';

export function statusQueries(deps: VehicleReaderDeps) {
  const readPage = vehiclePages(deps, { name: 'status', bytesOf: ({ known }) => wireOf(known).bytes });

  async function getStatus(request: GetStatusRequest, call: CallContext): Promise<GetStatusResponse> {
    const { vehicle, position } = await readVehicle(deps, request, call);
    return { status: toWire(vehicle), position };
  }

  async function listStatus(request: ListStatusRequest, call: CallContext): Promise<ListStatusResponse> {
    const { vehicles: found, ...page } = await readPage(request, call);
    return { statuses: found.map(toWire), ...page };
  }

  return { getStatus, listStatus };
}

function toWire({ vehicleId, known, parked }: KnownVehicle): WireStatus {
  return { ...wireOf(known).status, vehicleId, parkedAt: parked?.position };
}

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
