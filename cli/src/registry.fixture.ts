import {
  type GetRequest,
  type ListRequest,
  type RegisterRequest,
  type RetireRequest,
  type UpdateRequest,
  Vehicle,
  VehicleRegistryService,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_registry';
import { registrationToWire } from '@odograph/contracts/registration-payload';
import { Fault } from '@odograph/kernel/fault';
import { DEFAULT_REGISTRATION, type Registration } from '@odograph/kernel/registration';
import { type GrpcService, grpcService, unary } from '@odograph/platform/grpc/handler';

/** The requests that the registry got. */
export interface AskedOfRegistry {
  readonly vehicle: GetRequest[];
  readonly vehicles: ListRequest[];
  readonly decisions: (RegisterRequest | UpdateRequest | RetireRequest)[];
}

function vehicle(vehicleId: string, version: number, registration: Partial<Registration> = {}): Vehicle {
  const all = registrationToWire({ ...DEFAULT_REGISTRATION, ...registration });
  return Vehicle.create({ vehicleId, version, registration: all, isRetired: vehicleId === 'old-1' });
}

/** Two registered vehicles, a retired one, and one that has only reported. */
const VEHICLES: readonly Vehicle[] = [
  vehicle('bus-1', 3, { fleet: 'north', displayName: 'Bus 1', tags: ['day', 'night'], units: 'imperial' }),
  vehicle('bus-2', 1, { vin: '1M8GDM9AXKP042788' }),
  vehicle('car-1', 0),
  vehicle('old-1', 2, { fleet: 'north' }),
];

/**
 * Accepts every decision, except about `bus-9`, and the first one about `bus-8`. It pages by two vehicles, with an empty page
 * between, and ignores the filter.
 */
export function registry(asked: AskedOfRegistry): GrpcService {
  const position = { partition: 0, sequence: 12, index: 3 };
  const decision = unary(async (request: RegisterRequest | UpdateRequest | RetireRequest) => {
    asked.decisions.push(request);
    const isFirst = asked.decisions.filter(({ vehicleId }) => vehicleId === request.vehicleId).length === 1;
    if (request.vehicleId === 'bus-8' && isFirst) {
      const [limit, retryAfterMs] = ['200 decisions/s a client', 100];
      throw new Fault('OVERLOADED', `more than ${limit}: wait ${retryAfterMs} ms`, { limit, retryAfterMs });
    }
    if (request.vehicleId !== 'bus-9') return { version: 4, position };
    const findings = [{ field: 'vin', reason: 'INVALID_VIN', description: 'is not a VIN' }];
    throw new Fault('INVALID_INPUT', 'the registration is wrong', { findings });
  });
  return grpcService(VehicleRegistryService, {
    ...{ register: decision, update: decision, retire: decision },
    get: unary(async (request) => {
      asked.vehicle.push(request);
      const { vehicleId } = request;
      const found = VEHICLES.find((each) => each.vehicleId === vehicleId);
      if (found) return { vehicle: found, position };
      throw new Fault('NOT_FOUND', `vehicle ${vehicleId} has never reported and is not registered`);
    }),
    list: unary(async (request) => {
      asked.vehicles.push(request);
      const next = { '': 'empty', empty: '2' }[request.pageToken] ?? '';
      const pages = { '': VEHICLES.slice(0, 2), empty: [], 2: VEHICLES.slice(2) };
      const vehicles = pages[request.pageToken as keyof typeof pages];
      return { vehicles, nextPageToken: next, positions: [position] };
    }),
  });
}
