import type { LogEvent } from '@odograph/client/log';
import { type Event, TelemetryConflicted } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { invariant } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import { reportIdentity } from '@odograph/sources/fleet/fleet-report';

/** An event as a client of the log receives it. */
export interface LoggedEvent {
  readonly position: EventPosition;
  readonly type: string;
  /** The event of the report. For a conflict it is the event inside. */
  readonly event: Event;
  /** The identity of the report that the event comes from. */
  readonly identity: string;
}

export function toLoggedEvent({ position, event }: LogEvent): LoggedEvent {
  invariant(position.index !== undefined, 'the position of an event has an index');
  const own = event.type === 'TelemetryConflicted' ? TelemetryConflicted.decode(event.payload).came : event;
  invariant(own, 'a conflict contains the event of its report');
  return {
    position: { ...position, index: position.index },
    type: event.type,
    event: own,
    identity: reportIdentity(own.subject, own.reportId, own.contentHash),
  };
}
