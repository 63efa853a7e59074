import { type AppendDeps, appendEvent, type CommandCall } from '@odograph/decisions/append-event';
import { createDecide, type DecisionRequest } from '@odograph/decisions/decide';
import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { type EventPosition, formatPosition, type Position } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { statusOf } from '@odograph/projections/status';
import type { StatusSlice } from '@odograph/projections/status-slice';
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
import type { MongoLogReader } from '../log/mongo-log-reader.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { ViewReader } from '../views/view-reader.ts';
import { whyLeftOut } from './left-out.ts';

interface RegistrationDeps extends AppendDeps {
  readonly registration: ReadModel<RegistrationAggregate>;
  readonly status: ReadModel<StatusSlice>;
  readonly reader: Pick<ViewReader, 'read' | 'reach' | 'positions'>;
  readonly log: Pick<MongoLogReader, 'watermark' | 'readEnvelopes'>;
  readonly clock: Clock;
}

/** Both read models have one slice a vehicle. */
const KEY = '';

/** Decides about the registration of vehicles. Throws the faults of {@link createDecide}, and NOT_FOUND. */
export function createDecideRegistration(deps: RegistrationDeps) {
  const { registration, status, reader, log, clock, partitionCount } = deps;

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

  async function reach(position: Position, signal: AbortSignal): Promise<void> {
    await Promise.all([registration, status].map((model) => reader.reach(model, position, signal)));
  }

  /** A stream that was recreated has other sequences until it is repaired: at those, the log has other events. */
  async function append(event: VehicleEvent, call: CommandCall): Promise<EventPosition> {
    const heads = reader.positions(registration);
    const position = await appendEvent(deps, event, call);
    if (position.sequence > (heads[position.partition]?.sequence ?? 0)) return position;
    const message = `the stream of partition ${position.partition} is not the one that the log has: send the decision again`;
    throw new Fault('UNAVAILABLE', message);
  }

  return createDecide<RegistrationCommand, RegistrationState, RegistrationFact>({
    decider: registrationDecider,
    ...{ load, clock },
    toEvent: (head, fact) => ({ ...head, ...fact }),
    reach,
    append,
    async reachHead(subject, signal) {
      const partition = partitionOf(subject, partitionCount);
      await reach({ partition, sequence: await log.watermark(partition) }, signal);
    },
    whyLeftOut: (event, position) => whyLeftOut(log, event, position),
  });
}

export function unknownVehicle(vehicleId: string): Fault {
  return new Fault('NOT_FOUND', `vehicle ${vehicleId} has never reported and is not registered`);
}
