import {
  type ParkedEvent,
  ProjectionsClient,
} from '@odograph/contracts/generated/odograph/history/v1/projections';
import { formatPosition, type Position } from '@odograph/kernel/position';
import { callUnary } from '@odograph/platform/grpc/client';
import { Command } from 'commander';
import { endpointOption, withClient } from '../connection/endpoint.ts';
import { everyPage } from '../connection/every-page.ts';
import { note, printJson, printLine } from '../terminal/output.ts';
import { textTable } from '../terminal/text-table.ts';

interface ParkedOptions {
  readonly endpoint?: string;
  readonly json?: boolean;
}

const PAGE_SIZE = 1_000;

export function parkedCommand(): Command {
  return new Command('parked')
    .description('list, retry or drop events that a projection could not apply')
    .addCommand(listCommand())
    .addCommand(decisionCommand('retry', 'apply a parked event again, and the events that wait behind it'))
    .addCommand(decisionCommand('drop', 'continue without a parked event; it stays in the log'));
}

function listCommand(): Command {
  return withOptions(new Command('list').description('list parked events by projection and vehicle')).action(
    list,
  );
}

function decisionCommand(decision: 'retry' | 'drop', description: string): Command {
  return withOptions(new Command(decision).description(description))
    .argument('<projection>', 'the projection, such as status')
    .argument('<vehicle>', 'the vehicle')
    .action((projection: string, vehicleId: string, options: ParkedOptions) =>
      decide(decision, { projection, vehicleId }, options),
    );
}

function withOptions(command: Command): Command {
  return command.addOption(endpointOption('history')).option('--json', 'one JSON object a line');
}

async function list(options: ParkedOptions): Promise<void> {
  const rows: ParkedJson[] = [];
  await withClient('history', ProjectionsClient, options.endpoint, async (client) => {
    const pages = everyPage((pageToken) => callUnary(client.listParked, { pageSize: PAGE_SIZE, pageToken }));
    for await (const { parked } of pages) rows.push(...parked.map(parkedJson));
  });
  if (options.json) {
    for (const row of rows) await printJson(row);
  } else if (rows.length === 0) {
    note('no event is parked');
  } else {
    const cells = rows.map(({ projection, vehicle_id, position, reason }) => [
      projection,
      vehicle_id,
      position,
      reason,
    ]);
    await printLine(textTable(['projection', 'vehicle', 'position', 'reason'], cells));
  }
}

async function decide(
  decision: 'retry' | 'drop',
  target: { readonly projection: string; readonly vehicleId: string },
  options: ParkedOptions,
): Promise<void> {
  const { position } = await withClient('history', ProjectionsClient, options.endpoint, (client) =>
    callUnary(decision === 'retry' ? client.retryParked : client.dropParked, target),
  );
  const at = positionText(position);
  if (options.json)
    await printJson({ decision, projection: target.projection, vehicle_id: target.vehicleId, position: at });
  else await printLine(`the decision is in the log at ${at}`);
}

/** A parked event, as `odograph parked list --json` prints it. */
interface ParkedJson {
  readonly projection: string;
  readonly vehicle_id: string;
  readonly position: string;
  readonly reason: string;
}

function parkedJson({ projection, vehicleId, position, reason }: ParkedEvent): ParkedJson {
  return { projection, vehicle_id: vehicleId, position: positionText(position), reason };
}

function positionText(position: Position | undefined): string {
  return position ? formatPosition(position) : '';
}
