import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { EventPublisher } from '@odograph/event-log/publisher';
import { invariant, isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { EventPosition } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';

/** What a command knows about its caller. */
export interface CommandCall {
  /** Unix time in milliseconds until which the event must be appended. */
  readonly deadlineAtMs: number;
  /** Aborted when the caller stops waiting. */
  readonly signal: AbortSignal;
  /** The W3C trace context of the caller; empty if there is none. */
  readonly traceparent: string;
}

export interface AppendDeps {
  readonly partitionCount: number;
  readonly publisher: Pick<EventPublisher, 'appendAll'>;
}

/** Appends an event of a vehicle, and gives its position. Throws the fault of an append that is not confirmed. */
export async function appendEvent(
  { partitionCount, publisher }: AppendDeps,
  event: VehicleEvent,
  { deadlineAtMs, traceparent }: CommandCall,
): Promise<EventPosition> {
  const partition = partitionOf(event.subject, partitionCount);
  const encoded = encodeEvent(event, { traceparent });
  const [position] = await publisher.appendAll([[encoded]], { deadlineAtMs, partition });
  invariant(position, 'one append has one result');
  if (isFault(position)) throw position;
  return position;
}
