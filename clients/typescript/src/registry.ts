import { type CallOptions, type Channel, callUnary, type Method } from './call.ts';
import { Fault } from './fault.ts';
import {
  type ListResponse,
  type Vehicle,
  VehicleRegistryService,
} from './generated/odograph/history/v1/vehicle_registry.ts';
import type { Position } from './generated/odograph/telemetry/v1/position.ts';
import { UnitSystem } from './generated/odograph/telemetry/v1/registration.ts';
import { type PageStart, type StatusOptions, type VehiclesOptions, vehiclePageRequest } from './history.ts';
import { PASSING_FOR_REPORTS, type RetryOptions, withRetries } from './retry.ts';

/** What people say about a vehicle. An empty text or list means none. */
export interface RegistrationFields {
  /** Default: `default`. */
  readonly fleet?: string | undefined;
  readonly model?: string | undefined;
  /** The name that people see. */
  readonly displayName?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** What it can be asked to do, such as `door_lock`. */
  readonly capabilities?: readonly string[] | undefined;
  /** ISO 3779. */
  readonly vin?: string | undefined;
  /** The units in which its values are shown to people. Default: `metric`. */
  readonly units?: 'metric' | 'imperial' | undefined;
}

export interface DecisionOptions extends RetryOptions {
  /** The same decision sent again with the same id changes nothing and gets the same answer. Default: a new UUID. */
  readonly decisionId?: string | undefined;
  /** Decide only if what it is about has this version; otherwise the call fails with VERSION_CONFLICT. */
  readonly expectedVersion?: number | undefined;
}

/** A decision that is in the log. */
export interface DecisionAnswer {
  /** The version of the vehicle, rule or silence after the decision. */
  readonly version: number;
  /** As `atLeast`, it makes a query reflect the decision. */
  readonly position: Position;
}

export interface VehicleAnswer {
  readonly vehicle: Vehicle;
  /** The answer reflects the vehicle's partition up to and including this position. */
  readonly position: Position;
}

const UNITS = { metric: UnitSystem.METRIC, imperial: UnitSystem.IMPERIAL };

export function registerVehicle(
  channel: Channel,
  vehicleId: string,
  registration: RegistrationFields,
  options: DecisionOptions = {},
): Promise<DecisionAnswer> {
  const { fleet = '', model = '', displayName = '', tags = [], capabilities = [], vin = '' } = registration;
  const units = registration.units ? UNITS[registration.units] : UnitSystem.UNSPECIFIED;
  const texts = { vehicleId, fleet, model, displayName, vin };
  const lists = { tags: [...tags], capabilities: [...capabilities] };
  const request = { ...texts, ...lists, units } satisfies Record<keyof RegistrationFields, unknown>;
  return decide(channel, VehicleRegistryService.register, request, options);
}

export function updateVehicle(
  channel: Channel,
  vehicleId: string,
  change: RegistrationFields,
  options: DecisionOptions = {},
): Promise<DecisionAnswer> {
  const { tags, capabilities, units, ...texts } = change;
  const request = {
    ...{ vehicleId, fleet: texts.fleet, model: texts.model, displayName: texts.displayName, vin: texts.vin },
    tags: tags && { names: [...tags] },
    capabilities: capabilities && { names: [...capabilities] },
    units: units && UNITS[units],
  } satisfies Record<keyof RegistrationFields | 'vehicleId', unknown>;
  return decide(channel, VehicleRegistryService.update, request, options);
}

export function retireVehicle(
  channel: Channel,
  vehicleId: string,
  options: DecisionOptions = {},
): Promise<DecisionAnswer> {
  return decide(channel, VehicleRegistryService.retire, { vehicleId }, options);
}

export async function vehicle(
  channel: Channel,
  vehicleId: string,
  options: StatusOptions = {},
): Promise<VehicleAnswer> {
  const request = { vehicleId, atLeast: options.atLeast };
  const answer = await withRetries(
    (callOptions) => callUnary(channel, VehicleRegistryService.get, request, callOptions),
    options,
  );
  const { vehicle: found, position } = answer;
  if (!found || !position)
    throw new Fault('INTERNAL', 'the server sent a vehicle without its content or position');
  return { vehicle: found, position };
}

export function vehiclePage(
  channel: Channel,
  options: VehiclesOptions & PageStart = {},
): Promise<ListResponse> {
  const request = vehiclePageRequest(options);
  return withRetries(
    (callOptions) => callUnary(channel, VehicleRegistryService.list, request, callOptions),
    options,
  );
}

interface DecisionResponse {
  readonly version: number;
  readonly position?: Position | undefined;
}

interface DecisionFields {
  readonly decisionId: string;
  readonly expectedVersion?: number | undefined;
}

/** Every attempt has the same decision id, so it is also retried after DEADLINE. */
export async function decide<Request extends object>(
  channel: Channel,
  method: Method<Request & DecisionFields, DecisionResponse>,
  content: Request,
  options: DecisionOptions,
): Promise<DecisionAnswer> {
  const { decisionId = crypto.randomUUID(), expectedVersion } = options;
  const request = { ...content, decisionId, expectedVersion };
  const attempt = (callOptions: CallOptions) => callUnary(channel, method, request, callOptions);
  const { version, position } = await withRetries(attempt, options, PASSING_FOR_REPORTS);
  if (!position) throw new Fault('INTERNAL', 'the server sent a decision without its position');
  return { version, position };
}
