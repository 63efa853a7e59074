import type {
  GetStatusRequest,
  GetStatusResponse,
  ListStatusRequest,
  ListStatusResponse,
  VehicleStatus as WireStatus,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { unitsToWire } from '@odograph/contracts/registration-payload';
import { signalsToWire } from '@odograph/contracts/signals';
import type { CallContext } from '@odograph/platform/grpc/handler';
import type { VehicleStatus } from '../domain/status/status-slice.ts';
import { type KnownVehicle, type VehicleReaderDeps, vehicleReader } from './vehicle-reader.ts';

export function statusQueries(deps: VehicleReaderDeps) {
  const vehicles = vehicleReader(deps, 'status');

  async function getStatus(request: GetStatusRequest, { signal }: CallContext): Promise<GetStatusResponse> {
    const { vehicle, position } = await vehicles.one(request, signal);
    return { status: toWire(vehicle), position };
  }

  async function listStatus(
    request: ListStatusRequest,
    { signal }: CallContext,
  ): Promise<ListStatusResponse> {
    const { vehicles: found, ...page } = await vehicles.page(request, signal);
    return { statuses: found.map(toWire), ...page };
  }

  return { getStatus, listStatus };
}

function toWire({ vehicleId, known, parked }: KnownVehicle): WireStatus {
  return { ...wireOf(known), vehicleId, parkedAt: parked?.position };
}

/** By what is known, because that is the same object until the vehicle changes. */
const wires = new WeakMap<VehicleStatus, WireStatus>();

function wireOf(known: VehicleStatus): WireStatus {
  const wire = wires.get(known) ?? makeWire(known);
  wires.set(known, wire);
  return wire;
}

function makeWire(known: VehicleStatus): WireStatus {
  const latest = [...known.latest];
  return {
    vehicleId: '',
    fleet: known.fleet,
    model: known.model,
    displayName: known.displayName,
    tags: [...known.tags],
    capabilities: [...known.capabilities],
    units: unitsToWire(known.units),
    isRetired: known.isRetired,
    registrationVersion: known.registrationVersion,
    vin: known.vin,
    vinCheckDigitOk: known.isVinCheckDigitRight,
    signals: signalsToWire(Object.fromEntries(latest.map(([name, { value }]) => [name, value]))),
    observedAtMs: Object.fromEntries(latest.map(([name, { observedAtMs }]) => [name, observedAtMs])),
    lastObservedAtMs: known.lastObservedAtMs ?? 0,
    lastReceivedAtMs: known.lastReceivedAtMs ?? 0,
    parkedAt: undefined,
  };
}
