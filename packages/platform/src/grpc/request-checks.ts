import type { Position as WirePosition } from '@odograph/contracts/generated/odograph/telemetry/v1/position';
import { Fault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { Position } from '@odograph/kernel/position';
import { isVehicleId, VEHICLE_ID_RULE } from '@odograph/kernel/vehicle-id';

const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 1_000;

/** A fault about one field of the request. */
export function invalid(field: string, reason: string, description: string): Fault {
  const findings = [{ field, reason, description }];
  return new Fault('INVALID_INPUT', `${field} ${description}`.trim(), { findings });
}

export function checkVehicleId(vehicleId: string): string {
  if (isVehicleId(vehicleId)) return vehicleId;
  throw invalid('vehicle_id', 'INVALID_VEHICLE_ID', `must be ${VEHICLE_ID_RULE}`);
}

/** The vehicles that a request names, in order and each once. Throws a Fault INVALID_INPUT for too many, or for a wrong id. */
export function checkVehicleIds(
  field: string,
  vehicleIds: readonly string[],
  most = MAX_PAGE_SIZE,
): readonly string[] {
  if (vehicleIds.length > most) {
    const description = `has ${vehicleIds.length} vehicles, at most ${most} are allowed`;
    throw invalid(field, 'TOO_MANY', description);
  }
  const wrong = vehicleIds.findIndex((vehicleId) => !isVehicleId(vehicleId));
  if (wrong >= 0) throw invalid(`${field}[${wrong}]`, 'INVALID_VEHICLE_ID', `must be ${VEHICLE_ID_RULE}`);
  return [...new Set(vehicleIds)].sort();
}

/** The longest text that a list filters by, in UTF-16 units. */
export const MAX_FILTER_TEXT = 100;

/** Throws a Fault INVALID_INPUT for a text that is too long to filter by. */
export function checkFilterText(field: string, text: string): void {
  if (text.length <= MAX_FILTER_TEXT) return;
  throw invalid(field, 'TOO_LONG', `has ${text.length} characters, at most ${MAX_FILTER_TEXT} are allowed`);
}

/** The page size for a requested one: 0 means the default, and more than the maximum means the maximum (AIP-158). */
export function pageSizeOf(requested: number): number {
  return Math.min(requested || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}

interface PositionRules {
  readonly partitionCount: number;
  /** The vehicle whose partition it must be of. */
  readonly vehicleId?: string;
}

/** A position that an answer waits for. Throws a Fault INVALID_INPUT for one that no answer could ever have. */
export function checkAtLeast(position: WirePosition, { partitionCount, vehicleId }: PositionRules): Position {
  const { partition } = checkPosition('at_least', position, partitionCount);
  if (position.sequence === 0)
    throw invalid(
      'at_least',
      'EMPTY_POSITION',
      'has no sequence: leave it out, or use the position of an answer',
    );
  const own = vehicleId === undefined ? partition : partitionOf(vehicleId, partitionCount);
  if (own === partition) return position;
  const description = `is of partition ${partition}, but vehicle ${vehicleId} is in partition ${own}`;
  throw invalid('at_least', 'OTHER_PARTITION', description);
}

/** The positions that a list waits for: of several in one partition, the last. */
export function checkAtLeastOfEach(
  positions: readonly WirePosition[],
  partitionCount: number,
): readonly Position[] {
  const last = new Map<number, Position>();
  for (const each of positions) {
    const position = checkAtLeast(each, { partitionCount });
    if (position.sequence > (last.get(position.partition)?.sequence ?? 0))
      last.set(position.partition, position);
  }
  return [...last.values()];
}

/** Throws a Fault INVALID_INPUT for a position of a partition that the log does not have. */
export function checkPosition(field: string, position: WirePosition, partitionCount: number): Position {
  if (position.partition < partitionCount) return position;
  const description = `names partition ${position.partition}, but the log has partitions 0 to ${partitionCount - 1}`;
  throw invalid(field, 'NO_SUCH_PARTITION', description);
}
