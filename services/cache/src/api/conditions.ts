import type {
  VehicleConditions,
  Box as WireBox,
} from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import { checkFilterText, checkVehicleIds, invalid } from '@odograph/platform/grpc/request-checks';
import type { Box, Conditions } from '../domain/choice.ts';

const NONE: VehicleConditions = {
  ...{ vehicleIds: [], fleet: '', tag: '', model: '', text: '', box: undefined, includeRetired: false },
};
const TEXTS = ['fleet', 'tag', 'model', 'text'] as const;

/** The conditions of a request. Throws a Fault INVALID_INPUT for those that no vehicle could meet. */
export function conditionsOf(wire: VehicleConditions = NONE): Conditions {
  const { fleet, tag, model, text, includeRetired } = wire;
  for (const field of TEXTS) checkFilterText(`conditions.${field}`, wire[field]);
  const vehicleIds = checkVehicleIds('conditions.vehicle_ids', wire.vehicleIds);
  return {
    ...{ fleet, tag, model, text, includeRetired },
    vehicleIds: vehicleIds.length > 0 ? vehicleIds : undefined,
    box: wire.box && checkBox(wire.box),
  };
}

const EDGES = { southDeg: 90, northDeg: 90, westDeg: 180, eastDeg: 180 } as const;

function checkBox(box: WireBox): Box {
  for (const [name, most] of Object.entries(EDGES) as [keyof Box, number][]) {
    const field = `conditions.box.${name.replace('Deg', '_deg')}`;
    // NaN is not within it either.
    if (!(Math.abs(box[name]) <= most))
      throw invalid(field, 'OUT_OF_RANGE', `is ${box[name]}, but must be from -${most} to ${most}`);
  }
  if (box.southDeg > box.northDeg)
    throw invalid('conditions.box.south_deg', 'EMPTY_BOX', `is ${box.southDeg}, north of ${box.northDeg}`);
  return box;
}
