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
import { signalBytes } from '../domain/signal-bytes.ts';
import type { VehicleStatus } from '../domain/status/status-slice.ts';
import {
  type KnownVehicle,
  readVehicle,
  registrationBytes,
  type VehicleReaderDeps,
  vehiclePages,
} from './vehicle-reader.ts';

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
  const wire = wires.get(known) ?? { status: makeWire(known), bytes: bytesOf(known) };
  wires.set(known, wire);
  return wire;
}

/** The largest vehicle id, times and positions. */
const OTHER_BYTES = 300;

function bytesOf(known: VehicleStatus): number {
  let bytes = OTHER_BYTES + registrationBytes(known);
  // With the time of the signal, under its name again.
  for (const [name, { value }] of known.latest) bytes += signalBytes(name, value) + name.length + 16;
  return bytes;
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
