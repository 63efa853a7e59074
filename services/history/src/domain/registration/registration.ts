import type { Decider, Rejection } from '@odograph/kernel/decider';
import {
  canonicalRegistration,
  DEFAULT_REGISTRATION,
  isSameRegistration,
  type Registration,
  registrationFindings,
} from '@odograph/kernel/registration';

/** What can be asked of the registration of a vehicle. */
export type RegistrationCommand =
  | { readonly type: 'RegisterVehicle'; readonly registration: Registration }
  /** Only the fields that it has are changed. */
  | { readonly type: 'UpdateVehicle'; readonly change: Partial<Registration> }
  | { readonly type: 'RetireVehicle' };

/** What a decision says of the registration. The events of the log have it, and a head. */
export type RegistrationFact =
  | { readonly type: 'VehicleRegistered' | 'VehicleUpdated'; readonly registration: Registration }
  | { readonly type: 'VehicleRetired' };

/** The registration of one vehicle. */
export interface RegistrationState {
  /** Undefined before the first registration: the vehicle may have reported anyway. */
  readonly registration: Registration | undefined;
  readonly isRetired: boolean;
}

/** The rules of a vehicle's registration. */
export const registrationDecider: Decider<RegistrationCommand, RegistrationState, RegistrationFact> = {
  initial: { registration: undefined, isRetired: false },

  decide(command, state) {
    if (command.type === 'RegisterVehicle') return register(command.registration, state);
    if (state.isRetired) return retired();
    return command.type === 'UpdateVehicle' ? update(command.change, state) : { type: 'VehicleRetired' };
  },

  evolve: (state, fact) =>
    fact.type === 'VehicleRetired'
      ? { ...state, isRetired: true }
      : { registration: fact.registration, isRetired: false },
};

function register(asked: Registration, state: RegistrationState): RegistrationFact | Rejection {
  const findings = registrationFindings(asked);
  if (findings.length > 0)
    return { rejected: 'INVALID_INPUT', message: 'the registration is wrong', findings };
  if (state.registration && !state.isRetired) {
    return notAllowed('vehicle_id', 'ALREADY_REGISTERED', 'is registered already: update it instead');
  }
  return { type: 'VehicleRegistered', registration: canonicalRegistration(asked) };
}

/** A vehicle that has only reported is registered by its first update. */
function update(
  change: Partial<Registration>,
  { registration: held }: RegistrationState,
): RegistrationFact | Rejection {
  const findings = registrationFindings(change);
  if (findings.length > 0) return { rejected: 'INVALID_INPUT', message: 'the change is wrong', findings };
  const next = canonicalRegistration({ ...(held ?? DEFAULT_REGISTRATION), ...change });
  if (!held) return { type: 'VehicleRegistered', registration: next };
  if (isSameRegistration(next, held)) {
    return notAllowed('', 'NO_CHANGE', 'the change has only values that the vehicle has already');
  }
  return { type: 'VehicleUpdated', registration: next };
}

const retired = () => notAllowed('vehicle_id', 'RETIRED', 'is retired: register it again first');

function notAllowed(field: string, reason: string, description: string): Rejection {
  const message = field === '' ? description : `the vehicle ${description}`;
  return { rejected: 'RULE_VIOLATED', message, findings: [{ field, reason, description }] };
}
