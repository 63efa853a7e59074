import { Fault } from '@odograph/kernel/fault';
import type { Registration, UnitSystem } from '@odograph/kernel/registration';
import type {
  DecisionHead,
  VehicleRegistered,
  VehicleRetired,
  VehicleUpdated,
} from '@odograph/kernel/vehicle-event';
import {
  type Registration as WireRegistration,
  UnitSystem as WireUnits,
} from './generated/odograph/telemetry/v1/registration.ts';

interface RegistrationPayload {
  registration?: WireRegistration | undefined;
}

export function registeredToDomain(head: DecisionHead, payload: RegistrationPayload): VehicleRegistered {
  return { type: 'VehicleRegistered', ...head, registration: registrationIn(payload) };
}

export function updatedToDomain(head: DecisionHead, payload: RegistrationPayload): VehicleUpdated {
  return { type: 'VehicleUpdated', ...head, registration: registrationIn(payload) };
}

export function registrationToPayload(event: VehicleRegistered | VehicleUpdated): RegistrationPayload {
  return { registration: registrationToWire(event.registration) };
}

export function retiredToDomain(head: DecisionHead): VehicleRetired {
  return { type: 'VehicleRetired', ...head };
}

export function registrationToWire(registration: Registration): WireRegistration {
  const { tags, capabilities, units, ...texts } = registration;
  return { ...texts, tags: [...tags], capabilities: [...capabilities], units: unitsToWire(units) };
}

export function unitsToWire(units: UnitSystem): WireUnits {
  return units === 'imperial' ? WireUnits.IMPERIAL : WireUnits.METRIC;
}

/** Undefined for a number without a name. Unspecified units are metric, the default. */
export function unitsToDomain(units: WireUnits): UnitSystem | undefined {
  if (units === WireUnits.IMPERIAL) return 'imperial';
  return units === WireUnits.METRIC || units === WireUnits.UNSPECIFIED ? 'metric' : undefined;
}

function registrationIn({ registration }: RegistrationPayload): Registration {
  if (registration === undefined) throw new Fault('CORRUPT_LOG', 'the registration is missing');
  const { units: wireUnits, ...rest } = registration;
  const units = unitsToDomain(wireUnits);
  if (units === undefined) throw new Fault('CORRUPT_LOG', `${wireUnits} is not a system of units`);
  return { ...rest, units };
}
