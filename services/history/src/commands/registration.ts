import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { formatPosition } from '@odograph/kernel/position';
import {
  type RegistrationCommand,
  type RegistrationFact,
  type RegistrationState,
  registrationDecider,
} from '../domain/registration/registration.ts';
import {
  type RegistrationAggregate,
  registrationProjection,
} from '../domain/registration/registration-projection.ts';
import { statusOf } from '../domain/status/status.ts';
import type { StatusSlice } from '../domain/status/status-slice.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { ViewReader } from '../views/view-reader.ts';
import { type AppendDeps, appendEvent } from './append-event.ts';
import { createDecide, type DecisionRequest } from './decide.ts';

interface RegistrationDeps extends AppendDeps {
  readonly registration: ReadModel<RegistrationAggregate>;
  readonly status: ReadModel<StatusSlice>;
  readonly reader: Pick<ViewReader, 'read' | 'reach'>;
  readonly clock: Clock;
}

/** Both read models have one slice a vehicle. */
const KEY = '';

/** Decides about the registration of vehicles. Throws the faults of {@link createDecide}, and NOT_FOUND. */
export function createDecideRegistration(deps: RegistrationDeps) {
  const { registration, status, reader, clock } = deps;

  /** A vehicle that is not known can be registered, but not changed: its id may be mistyped. */
  async function load({ subject, command }: DecisionRequest<RegistrationCommand>) {
    const { slices, parked } = await reader.read(registration, subject, KEY);
    if (parked) {
      const message = `event ${formatPosition(parked.position)} of ${subject} is parked in registration: retry or drop it first`;
      throw new Fault('RULE_VIOLATED', message);
    }
    const aggregate = slices.get(KEY) ?? registrationProjection.initial(subject, KEY);
    if (aggregate.version === 0 && command.type !== 'RegisterVehicle') await assertHasReported(subject);
    return aggregate;
  }

  async function assertHasReported(vehicleId: string): Promise<void> {
    const slice = (await reader.read(status, vehicleId, KEY)).slices.get(KEY);
    if (!slice || !statusOf(slice)) throw unknownVehicle(vehicleId);
  }

  return createDecide<RegistrationCommand, RegistrationState, RegistrationFact>({
    decider: registrationDecider,
    ...{ load, clock },
    toEvent: (head, fact) => ({ ...head, ...fact }),
    append: (event, call) => appendEvent(deps, event, call),
    reach: async (position, signal) => {
      await Promise.all([registration, status].map((model) => reader.reach(model, position, signal)));
    },
  });
}

export function unknownVehicle(vehicleId: string): Fault {
  return new Fault('NOT_FOUND', `vehicle ${vehicleId} has never reported and is not registered`);
}
