import type { Vehicle } from '@odograph/client/generated/odograph/history/v1/vehicle_registry';
import { Fault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import {
  canonicalRegistration,
  changeOf,
  isSameRegistration,
  type Registration,
  registrationFindings,
  type UnitSystem,
} from '@odograph/kernel/registration';
import { isVehicleId, VEHICLE_ID_RULE } from '@odograph/kernel/vehicle-id';
import { type Cells, readTable, requireColumns, type TableRow } from '@odograph/sources/recorded/csv';
import type { Line } from '@odograph/sources/recorded/lines';
import { registrationOf } from '../json/registration-json.ts';

/** What a row of a CSV file says of a vehicle: only the columns that the file has. */
export interface VehicleRow {
  readonly vehicleId: string;
  readonly change: Partial<Registration>;
}

/** The column of each field. */
const COLUMNS = {
  ...{ fleet: 'fleet', model: 'model', displayName: 'display_name', tags: 'tags' },
  ...{ capabilities: 'capabilities', vin: 'vin', units: 'units' },
} as const satisfies Record<keyof Registration, string>;

const VEHICLE_COLUMNS: readonly string[] = ['vehicle_id', ...Object.values(COLUMNS)];

const UNITS: Readonly<Record<string, UnitSystem>> = { metric: 'metric', imperial: 'imperial' };

/**
 * Reads the rows of a CSV file. A column that the file has sets its value, also an empty one; only empty units are left
 * as they are. Names in a cell are separated by `;` or spaces.
 * @throws Fault INVALID_INPUT if the header has no vehicle_id, or a column that is unknown or there twice.
 */
export function readVehicleRows(lines: AsyncIterable<Line>): AsyncGenerator<TableRow<VehicleRow>> {
  return readTable(lines, (columns) => {
    assertColumns(columns);
    const given = <Value>(column: string, value: Value) => (columns.includes(column) ? value : undefined);
    return (cells) => {
      const text = (column: string) => given(column, cells.text(column) ?? '');
      const names = (column: string) => given(column, namesIn(cells, column));
      const change = changeOf({
        fleet: text(COLUMNS.fleet),
        model: text(COLUMNS.model),
        displayName: text(COLUMNS.displayName),
        tags: names(COLUMNS.tags),
        capabilities: names(COLUMNS.capabilities),
        vin: text(COLUMNS.vin),
        units: cells.oneOf(COLUMNS.units, UNITS),
      });
      return { vehicleId: cells.required('vehicle_id'), change };
    };
  });
}

function assertColumns(columns: readonly string[]): void {
  requireColumns('vehicles', columns, ['vehicle_id']);
  const unknown = columns.find((column) => !VEHICLE_COLUMNS.includes(column));
  if (unknown === undefined) return;
  const message = `column ${JSON.stringify(unknown)} is not known: a vehicles file may have ${VEHICLE_COLUMNS.join(', ')}`;
  throw new Fault('INVALID_INPUT', message);
}

function namesIn(cells: Cells, column: string): readonly string[] {
  return (cells.text(column) ?? '').split(/[;\s]+/).filter((name) => name !== '');
}

/** What is wrong with a row, by the same rules as history's. */
export function rowFindings({ vehicleId, change }: VehicleRow): readonly Finding[] {
  const findings = registrationFindings(change);
  if (isVehicleId(vehicleId)) return findings;
  const description = `must be ${VEHICLE_ID_RULE}`;
  return [{ field: 'vehicle_id', reason: 'INVALID_VEHICLE_ID', description }, ...findings];
}

/** What a row makes of its vehicle; undefined: the vehicle is not known. */
export function planOf(
  { change }: VehicleRow,
  vehicle: Vehicle | undefined,
): 'register' | 'update' | 'unchanged' | 'retired' {
  if (!vehicle || vehicle.version === 0) return 'register';
  if (vehicle.isRetired) return 'retired';
  const held = canonicalRegistration(registrationOf(vehicle));
  const next = canonicalRegistration({ ...held, ...change });
  return isSameRegistration(next, held) ? 'unchanged' : 'update';
}
