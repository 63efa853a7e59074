import type { Position } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';

/** An event about a vehicle, as the log has it. */
export interface SeenEvent {
  readonly vehicleId: string;
  readonly position: Position;
  /** Undefined for one that only a newer program can read, or that is corrupt: history parks it. */
  readonly event: VehicleEvent | undefined;
}
