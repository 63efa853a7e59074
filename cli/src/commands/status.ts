import type { Client } from '@odograph/client';
import type { ListStatusResponse } from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import { everyPage } from '@odograph/client/history';
import { Fault, isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { Command } from 'commander';
import { endpointOption, openClient } from '../endpoint.ts';
import { type StatusJson, statusJson } from '../json/status-json.ts';
import {
  type AtLeastOptions,
  atLeastOf,
  type FilterOptions,
  filterOf,
  hasFilter,
  withAtLeast,
  withFilter,
} from '../terminal/filter.ts';
import { troubleOfLog } from '../terminal/log-trouble.ts';
import { note, printJson, printLine, terminalWidth } from '../terminal/output.ts';
import { fleetTable, vehicleTable } from '../terminal/status-table.ts';

interface StatusOptions extends FilterOptions, AtLeastOptions {
  readonly endpoint?: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return withAtLeast(withFilter(new Command('status')))
    .description('print the latest known values of one vehicle, or of all')
    .argument('[id]', 'the vehicle (default: all)')
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line')
    .action(status);
}

async function status(vehicleId: string | undefined, options: StatusOptions): Promise<void> {
  using client = openClient('history', options.endpoint);
  if (vehicleId === undefined) await allStatuses(client, options);
  else await oneStatus(client, vehicleId, options);
}

async function oneStatus(client: Client, vehicleId: string, options: StatusOptions): Promise<void> {
  if (hasFilter(filterOf(options)))
    throw new Fault(
      'INVALID_INPUT',
      `options that limit a list cannot be given with a vehicle: leave out ${vehicleId} or them`,
    );
  const atLeast = await atLeastOf(client, vehicleId, options);
  const answer = await client.status(vehicleId, { atLeast });
  const json = statusJson(answer.status, answer.position);
  if (options.json) await printJson(json);
  else await printLine(vehicleTable(json, { nowMs: Date.now(), maxWidth: terminalWidth() }));
  await noteOldValues(client, options, answer.position?.partition);
}

async function allStatuses(client: Client, options: StatusOptions): Promise<void> {
  const { atLeast } = options;
  const filter = filterOf(options);
  const pages = everyPage((pageToken, pageSize) =>
    client.statusPage({ ...filter, atLeast, pageSize, pageToken }),
  );
  const rows: StatusJson[] = [];
  for await (const page of pages) {
    for (const json of statusesOf(page)) {
      if (options.json) await printJson(json);
      else rows.push(json);
    }
  }
  if (rows.length > 0) await printLine(fleetTable(rows, terminalWidth()));
  else if (!options.json) note(hasFilter(filter) ? 'no such vehicle' : 'no vehicle has reported yet');
  await noteOldValues(client, options);
}

/** What was printed may be old, and does not look like it. */
async function noteOldValues(client: Client, { json }: StatusOptions, partition?: number): Promise<void> {
  const why = await whyOld(client, partition);
  if (why !== undefined) note(json ? JSON.stringify({ note: why }) : why);
}

async function whyOld(client: Client, partition?: number): Promise<string | undefined> {
  try {
    const trouble = await troubleOfLog(client, partition === undefined ? {} : { partition });
    return trouble && `newer reports are not shown: ${trouble}`;
  } catch (error) {
    if (!isFault(error)) throw error;
    return `there may be newer reports: history does not say how far its log is (${error.message})`;
  }
}

function statusesOf({ statuses, positions }: ListStatusResponse): readonly StatusJson[] {
  return statuses.map((status) => {
    const partition = partitionOf(status.vehicleId, positions.length);
    return statusJson(
      status,
      positions.find((position) => position.partition === partition),
    );
  });
}
