import type { Conditions } from '../domain/choice.ts';
import { isNarrow } from './box-grid.ts';

/** Vehicle ids of a watch that count as one watch. */
export const IDS_A_PLACE = 10;
/** What a watch counts as that each change of any vehicle is compared with. */
export const WIDE_PLACES = 100;

/** As how many watches of one vehicle, fleet, tag or narrow box a watch counts. */
export function weightOf({ vehicleIds, fleet, tag, box }: Conditions): number {
  if (vehicleIds) return Math.ceil(vehicleIds.length / IDS_A_PLACE);
  const isChosen = fleet !== '' || tag !== '' || (box !== undefined && isNarrow(box));
  return isChosen ? 1 : WIDE_PLACES;
}
