import type { VehicleStatus } from '@odograph/kernel/vehicle-status';

/** Which vehicles a list has. An empty text means any. */
export interface StatusFilter {
  readonly fleet: string;
  readonly tag: string;
  readonly model: string;
  /** A part of the id, name, model or VIN, in any case. */
  readonly text: string;
  /** Also the retired ones. */
  readonly includeRetired: boolean;
}

/** What a list chooses vehicles by. */
export type Listed = Pick<VehicleStatus, 'fleet' | 'model' | 'displayName' | 'tags' | 'vin' | 'isRetired'>;

type Matches = (vehicleId: string, known: Listed) => boolean;

/** Whether a vehicle meets all conditions of a filter. */
export function matcherOf({ fleet, tag, model, text, includeRetired }: StatusFilter): Matches {
  const wanted = text.toLowerCase();
  return (vehicleId, known) => {
    if (known.isRetired && !includeRetired) return false;
    if (fleet !== '' && known.fleet !== fleet) return false;
    if (model !== '' && known.model !== model) return false;
    if (tag !== '' && !known.tags.includes(tag)) return false;
    if (wanted === '') return true;
    const texts = [vehicleId, known.displayName, known.model, known.vin ?? ''];
    return texts.some((each) => each.toLowerCase().includes(wanted));
  };
}
