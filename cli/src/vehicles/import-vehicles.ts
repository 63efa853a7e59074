import type { Client } from '@odograph/client';
import type { Vehicle } from '@odograph/client/generated/odograph/history/v1/vehicle_registry';
import { type Fault, isFault } from '@odograph/kernel/fault';
import type { TableRow } from '@odograph/sources/recorded/csv';
import type { Line } from '@odograph/sources/recorded/lines';
import { findingsInWords } from '../terminal/finding-in-words.ts';
import { planOf, readVehicleRows, rowFindings, type VehicleRow } from './vehicle-row.ts';

/** What became of the rows. */
export interface ImportTotals {
  readonly registered: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
}

interface ImportDeps {
  readonly client: Pick<Client, 'vehicle' | 'registerVehicle' | 'updateVehicle'>;
  /** Only says what would be done. */
  readonly isDryRun: boolean;
  /** Called for each row that cannot be done, with its line in the file, in order. */
  readonly onRejected: (row: number, reason: string) => void;
  /** Called with the totals so far. */
  readonly onProgress: (totals: ImportTotals) => void;
}

/** History refuses the decisions of a client that makes very many, and says when to try again. */
const UNTIL_DEADLINE = { maxAttempts: Number.POSITIVE_INFINITY };
/** Decisions of different vehicles that are under way at a time. */
const AT_ONCE = 16;

type Outcome = keyof ImportTotals;

/**
 * Registers or updates the vehicle of each row. A row that is wrong, or that history refuses, is rejected and the others
 * go on; every other fault ends the import. A file that is imported again changes nothing.
 */
export async function importVehicles(lines: AsyncIterable<Line>, deps: ImportDeps): Promise<ImportTotals> {
  const totals = { registered: 0, updated: 0, unchanged: 0, rejected: 0 };
  /** By vehicle: the first line of the file that has it. */
  const seen = new Map<string, number>();
  for await (const rows of inGroups(readVehicleRows(lines))) {
    const checked = rows.map((row) => ({ row: row.row, wrong: whatIsWrong(row, seen), value: row }));
    const outcomes = await Promise.all(
      checked.map(({ wrong, value }) => (wrong === '' && 'value' in value ? done(value.value, deps) : wrong)),
    );
    for (const [at, outcome] of outcomes.entries()) {
      const isDone = isOutcome(outcome);
      totals[isDone ? outcome : 'rejected'] += 1;
      if (!isDone) deps.onRejected(checked[at]?.row ?? 0, outcome);
    }
    deps.onProgress(totals);
  }
  return totals;
}

/** Empty if nothing is wrong with a row. */
function whatIsWrong(row: TableRow<VehicleRow>, seen: Map<string, number>): string {
  if ('unreadable' in row) return row.unreadable;
  const { vehicleId } = row.value;
  const findings = rowFindings(row.value);
  const earlier = seen.get(vehicleId);
  if (earlier !== undefined) return `vehicle_id: ${vehicleId} is on line ${earlier} already`;
  seen.set(vehicleId, row.row);
  return findingsInWords(findings);
}

/** The outcome of a row, or why it is rejected. */
async function done({ vehicleId, change }: VehicleRow, deps: ImportDeps): Promise<Outcome | string> {
  const { client, isDryRun } = deps;
  const vehicle = await find(client, vehicleId);
  const plan = planOf({ vehicleId, change }, vehicle);
  if (plan === 'unchanged') return 'unchanged';
  if (plan === 'retired') return 'vehicle_id: the vehicle is retired: register it again first';
  const outcome = plan === 'register' ? 'registered' : 'updated';
  if (isDryRun) return outcome;
  const options = { expectedVersion: vehicle?.version ?? 0, ...UNTIL_DEADLINE };
  try {
    if (plan === 'register') await client.registerVehicle(vehicleId, change, options);
    else await client.updateVehicle(vehicleId, change, options);
    return outcome;
  } catch (error) {
    if (!isFault(error, 'INVALID_INPUT', 'RULE_VIOLATED', 'VERSION_CONFLICT')) throw error;
    return reasonOf(error);
  }
}

async function find(client: ImportDeps['client'], vehicleId: string): Promise<Vehicle | undefined> {
  try {
    return (await client.vehicle(vehicleId)).vehicle;
  } catch (error) {
    if (isFault(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

const reasonOf = (fault: Fault): string => findingsInWords(fault.findings) || fault.message;

const isOutcome = (outcome: string): outcome is Outcome =>
  outcome === 'registered' || outcome === 'updated' || outcome === 'unchanged';

async function* inGroups<Item>(items: AsyncIterable<Item>): AsyncGenerator<readonly Item[]> {
  let group: Item[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < AT_ONCE) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
