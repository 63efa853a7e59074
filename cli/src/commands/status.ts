import {
  type ListStatusResponse,
  VehicleHistoryClient,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { Fault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { Position } from '@odograph/kernel/position';
import { callUnary } from '@odograph/platform/grpc/client';
import { Command } from 'commander';
import { endpointOption, withClient } from '../connection/endpoint.ts';
import { everyPage } from '../connection/every-page.ts';
import { type StatusJson, statusJson } from '../json/status-json.ts';
import { positionArgument, repeatable } from '../terminal/arguments.ts';
import { note, printJson, printLine } from '../terminal/output.ts';
import { fleetTable, vehicleTable } from '../terminal/status-table.ts';

interface StatusOptions {
  readonly fleet?: string;
  readonly atLeast?: readonly Position[];
  readonly endpoint?: string;
  readonly json?: boolean;
}

const PAGE_SIZE = 1_000;

export function statusCommand(): Command {
  return new Command('status')
    .description('print the latest known values of one vehicle, or of all')
    .argument('[id]', 'the vehicle (default: all)')
    .option('--fleet <name>', 'only the vehicles of this fleet')
    .option(
      '--at-least <position>',
      'wait until the answer includes this position',
      repeatable(positionArgument),
    )
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line')
    .action(status);
}

async function status(vehicleId: string | undefined, options: StatusOptions): Promise<void> {
  await withClient('history', VehicleHistoryClient, options.endpoint, (client) =>
    vehicleId === undefined ? allStatuses(client, options) : oneStatus(client, vehicleId, options),
  );
}

async function oneStatus(
  client: VehicleHistoryClient,
  vehicleId: string,
  options: StatusOptions,
): Promise<void> {
  const [atLeast] = options.atLeast ?? [];
  const answer = await callUnary(client.getStatus, { vehicleId, atLeast });
  const { status: found, position } = answer;
  if (!found) throw new Fault('INTERNAL', 'the server sent an answer without a status');
  const json = statusJson(found, position);
  if (options.json) await printJson(json);
  else await printLine(vehicleTable(json));
}

async function allStatuses(client: VehicleHistoryClient, options: StatusOptions): Promise<void> {
  const { fleet = '', atLeast = [] } = options;
  const pages = everyPage((pageToken) =>
    callUnary(client.listStatus, { fleet, pageSize: PAGE_SIZE, pageToken, atLeast: [...atLeast] }),
  );
  const rows: StatusJson[] = [];
  for await (const page of pages) {
    for (const json of statusesOf(page)) {
      if (options.json) await printJson(json);
      else rows.push(json);
    }
  }
  if (rows.length > 0) await printLine(fleetTable(rows));
  else if (!options.json) note('no vehicle has reported yet');
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
