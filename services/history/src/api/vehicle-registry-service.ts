import {
  type GetRequest,
  type GetResponse,
  type ListRequest,
  type ListResponse,
  type RegisterRequest,
  type RetireRequest,
  type UpdateRequest,
  type Vehicle,
  VehicleRegistryService,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_registry';
import type { UnitSystem as WireUnits } from '@odograph/contracts/generated/odograph/telemetry/v1/registration';
import { registrationToWire, unitsToDomain } from '@odograph/contracts/registration-payload';
import { registrationBytes } from '@odograph/contracts/status-payload';
import { checkDecisionId } from '@odograph/decisions/decision-id';
import type { DecisionQuota } from '@odograph/decisions/decision-quota';
import {
  changeOf,
  DEFAULT_REGISTRATION,
  type Registration,
  type UnitSystem,
} from '@odograph/kernel/registration';
import { beforeDeadline, type CallContext, grpcService, unary } from '@odograph/platform/grpc/handler';
import { checkAtLeast, checkVehicleId, invalid } from '@odograph/platform/grpc/request-checks';
import type { createDecideRegistration } from '../commands/registration.ts';
import type { RegistrationCommand } from '../domain/registration/registration.ts';
import type { RegistrationAggregate } from '../domain/registration/registration-projection.ts';
import type { ReadModel } from '../views/read-model.ts';
import {
  assertIncludes,
  type KnownVehicle,
  knownOf,
  notFound,
  type VehicleReaderDeps,
  vehiclePages,
} from './vehicle-reader.ts';

interface VehicleRegistryDeps extends VehicleReaderDeps {
  readonly registration: ReadModel<RegistrationAggregate>;
  readonly decisions: DecisionQuota;
  readonly decideRegistration: ReturnType<typeof createDecideRegistration>;
}

/** Both read models have one slice a vehicle. */
const KEY = '';
/** The largest vehicle id, VIN and position. */
const OTHER_BYTES = 200;

/** The registrations of vehicles, over gRPC. Decisions are made by the command; lists read the status. */
export function vehicleRegistryService(deps: VehicleRegistryDeps) {
  const { decisions, decideRegistration, registration, status, partitionCount } = deps;
  const { reader } = deps.views;
  const bytesOf = ({ known }: KnownVehicle) => OTHER_BYTES + registrationBytes(known);
  const readPage = vehiclePages(deps, { name: 'vehicles', bytesOf });

  const decision = <Request extends DecisionFields>(commandOf: (request: Request) => RegistrationCommand) =>
    unary(async (request: Request, context: CallContext) => {
      const subject = checkVehicleId(request.vehicleId);
      const decisionId = checkDecisionId(request.decisionId);
      const { expectedVersion } = request;
      const command = commandOf(request);
      decisions.admit(context.client);
      return await decideRegistration({ subject, decisionId, expectedVersion, command }, context);
    });

  /** The newer of registration and status, of which one may be parked or behind. */
  async function get({ atLeast, ...request }: GetRequest, call: CallContext): Promise<GetResponse> {
    const vehicleId = checkVehicleId(request.vehicleId);
    const wanted = atLeast && checkAtLeast(atLeast, { partitionCount, vehicleId });
    if (wanted)
      await Promise.all(
        [registration, status].map((model) => reader.reach(model, wanted, beforeDeadline(call))),
      );
    const [decided, reported] = await Promise.all([
      reader.read(registration, vehicleId, KEY, call.signal),
      reader.read(status, vehicleId, KEY, call.signal),
    ]);
    const aggregate = decided.slices.get(KEY);
    const known = knownOf(reported.slices.get(KEY));
    const parked = decided.parked ?? reported.parked;
    const { partition, sequence } = decided.position;
    const position = { partition, sequence: Math.min(sequence, reported.position.sequence) };
    if (wanted) assertIncludes(position, wanted);
    if (known && known.registrationVersion >= (aggregate?.version ?? 0)) {
      return { vehicle: toWire({ vehicleId, known, parked }), position };
    }
    if (!aggregate) throw notFound(vehicleId, parked);
    const { version, state } = aggregate;
    const shown = registrationToWire(state.registration ?? DEFAULT_REGISTRATION);
    const { isRetired } = state;
    return {
      vehicle: { vehicleId, registration: shown, isRetired, version, parkedAt: parked?.position },
      position,
    };
  }

  async function list(request: ListRequest, call: CallContext): Promise<ListResponse> {
    const { vehicles: found, ...page } = await readPage(request, call);
    return { vehicles: found.map(toWire), ...page };
  }

  return grpcService(VehicleRegistryService, {
    register: decision<RegisterRequest>((request) => ({
      type: 'RegisterVehicle',
      registration: registrationOf(request),
    })),
    update: decision<UpdateRequest>((request) => ({ type: 'UpdateVehicle', change: changeIn(request) })),
    retire: decision<RetireRequest>(() => ({ type: 'RetireVehicle' })),
    get: unary(get),
    list: unary(list),
  });
}

interface DecisionFields {
  readonly vehicleId: string;
  readonly decisionId: string;
  readonly expectedVersion?: number | undefined;
}

function registrationOf(request: RegisterRequest): Registration {
  const { fleet, model, displayName, tags, capabilities, vin, units } = request;
  return { fleet, model, displayName, tags, capabilities, vin, units: unitsOf(units) };
}

/** The fields that are present. Throws a Fault INVALID_INPUT if there are none. */
function changeIn(request: UpdateRequest): Partial<Registration> {
  const { fleet, model, displayName, tags, capabilities, vin, units } = request;
  const change = changeOf({
    ...{ fleet, model, displayName, vin },
    ...{ tags: tags?.names, capabilities: capabilities?.names },
    units: units === undefined ? undefined : unitsOf(units),
  });
  if (Object.keys(change).length > 0) return change;
  throw invalid('', 'EMPTY_CHANGE', 'the request changes no field: set at least one');
}

function unitsOf(wire: WireUnits): UnitSystem {
  const units = unitsToDomain(wire);
  if (units) return units;
  throw invalid('units', 'UNKNOWN_UNITS', `is ${wire}, but must be metric (1) or imperial (2)`);
}

function toWire({ vehicleId, known, parked }: Omit<KnownVehicle, 'slice'>): Vehicle {
  const { isRetired, registrationVersion: version, registeredVin: vin } = known;
  const { fleet, model, displayName, tags, capabilities, units } = known;
  const registration = { fleet, model, displayName, tags, capabilities, vin, units };
  const shown = registrationToWire(registration);
  return { vehicleId, registration: shown, isRetired, version, parkedAt: parked?.position };
}
