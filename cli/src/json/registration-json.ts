import type { Vehicle } from '@odograph/client/generated/odograph/history/v1/vehicle_registry';
import { UnitSystem as WireUnits } from '@odograph/client/generated/odograph/telemetry/v1/registration';
import { formatPosition, type Position } from '@odograph/kernel/position';
import { DEFAULT_REGISTRATION, type Registration, type UnitSystem } from '@odograph/kernel/registration';

/** A registration, as the command line prints it. */
interface RegistrationJson {
  readonly fleet: string;
  readonly model: string;
  readonly display_name: string;
  readonly tags: readonly string[];
  readonly capabilities: readonly string[];
  readonly vin: string;
  readonly units: UnitSystem;
}

/** A vehicle, as `odograph vehicles` prints it. */
export interface VehicleJson extends RegistrationJson {
  readonly vehicle_id: string;
  readonly retired: boolean;
  /** The version that the last decision about it made; 0: it has only reported. */
  readonly version: number;
  /** The event that could not be applied: what is shown reflects only the events before it. */
  readonly parked_at?: string;
  /** The answer reflects the vehicle's partition up to here. */
  readonly position?: string;
}

export function registrationJson(registration: Registration): RegistrationJson {
  const { fleet, model, displayName, tags, capabilities, vin, units } = registration;
  return { fleet, model, display_name: displayName, tags, capabilities, vin, units };
}

export function vehicleJson(vehicle: Vehicle, position: Position | undefined): VehicleJson {
  return {
    vehicle_id: vehicle.vehicleId,
    ...registrationJson(registrationOf(vehicle)),
    retired: vehicle.isRetired,
    version: vehicle.version,
    ...(vehicle.parkedAt && { parked_at: formatPosition(vehicle.parkedAt) }),
    ...(position && { position: formatPosition(position) }),
  };
}

export function registrationOf({ registration }: Vehicle): Registration {
  if (!registration) return DEFAULT_REGISTRATION;
  return { ...registration, units: unitsOf(registration.units) };
}

export const unitsOf = (units: WireUnits): UnitSystem =>
  units === WireUnits.IMPERIAL ? 'imperial' : 'metric';
