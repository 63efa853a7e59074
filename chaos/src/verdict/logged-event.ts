import type { LoggedEvent as WireLoggedEvent } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { type Event, TelemetryConflicted } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { invariant } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import { reportIdentity } from '@odograph/sources/scripted/fleet';

/** An event as a client of the log gets it. */
export interface LoggedEvent {
  readonly position: EventPosition;
  readonly type: string;
  /** The report's own event: for a conflict the one inside. */
  readonly event: Event;
  /** Of the report that it comes from. */
  readonly identity: string;
}

/** Ticks of the clock come as they like; everybody else's events are accounted for one by one. */
export const isTick = ({ type }: Pick<Event, 'type'>): boolean => type === 'TimeTicked';

export function toLoggedEvent({ position, event }: WireLoggedEvent): LoggedEvent {
  invariant(position?.index !== undefined && event, 'a logged event has a place and says something');
  const own = event.type === 'TelemetryConflicted' ? TelemetryConflicted.decode(event.payload).came : event;
  invariant(own, 'a conflict holds the event that came');
  return {
    position: { ...position, index: position.index },
    type: event.type,
    event: own,
    identity: reportIdentity(own.subject, own.reportId, own.contentHash),
  };
}
