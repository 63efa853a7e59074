import { randomUUID } from 'node:crypto';
import { type AppendDeps, appendEvent, type CommandCall } from '@odograph/decisions/append-event';
import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import type { EventHead, ParkedEventDropped, ParkedEventRetried } from '@odograph/kernel/vehicle-event';
import { beforeDeadline } from '@odograph/platform/grpc/handler';
import type { Parked } from '../views/checkpoints.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { ViewReader } from '../views/view-reader.ts';

/** Releases the parked event of a vehicle in one projection. */
export interface ReleaseParked {
  readonly type: 'ParkedEventRetried' | 'ParkedEventDropped';
  readonly projection: string;
  readonly vehicleId: string;
}

interface ParkedCommandDeps extends AppendDeps {
  readonly models: readonly ReadModel<unknown>[];
  readonly reader: Pick<ViewReader, 'parkedOf' | 'reach'>;
  readonly clock: Clock;
}

/**
 * Load, decide, append, then wait until the views include the event. The decision is an event of the vehicle, so every
 * process that computes views from the log applies it. Gives its position.
 */
export function createReleaseParked({ models, reader, clock, ...log }: ParkedCommandDeps) {
  return async (command: ReleaseParked, call: CommandCall): Promise<EventPosition> => {
    const { type, projection, vehicleId } = command;
    const model = models.find((candidate) => candidate.projection.name === projection);
    if (!model) throw nothingParked(command);
    const parked = await reader.parkedOf(model, vehicleId, call.signal);
    const stamp = { reportId: `${type}:${randomUUID()}`, nowMs: clock.now() };
    const position = await appendEvent(log, decideRelease(command, parked, stamp), call);
    await reader.reach(model, position, beforeDeadline(call));
    return position;
  };
}

/** Throws a Fault NOT_FOUND if no event of the vehicle is parked in the projection. */
function decideRelease(
  command: ReleaseParked,
  parked: Parked | undefined,
  { reportId, nowMs }: { readonly reportId: string; readonly nowMs: number },
): ParkedEventRetried | ParkedEventDropped {
  if (!parked) throw nothingParked(command);
  const { type, projection, vehicleId } = command;
  const head: EventHead = { subject: vehicleId, reportId, observedAtMs: nowMs, receivedAtMs: nowMs };
  return { type, ...head, projection, position: parked.position };
}

function nothingParked({ projection, vehicleId }: ReleaseParked): Fault {
  return new Fault('NOT_FOUND', `no event of ${vehicleId} is parked in ${projection}`);
}
