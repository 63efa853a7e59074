import type { EventPosition } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';

/** An event of the log, decoded. */
export interface DecodedEvent {
  readonly position: EventPosition;
  readonly event: VehicleEvent;
  readonly traceparent: string;
}
