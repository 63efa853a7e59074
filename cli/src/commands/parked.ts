import type { ParkedEvent } from '@odograph/client/generated/odograph/history/v1/projections';
import { formatPosition, type Position } from '@odograph/kernel/position';
import { Command } from 'commander';
import { endpointOption, openClient } from '../endpoint.ts';
import { note, printJson, printLine } from '../terminal/output.ts';
import { textTable } from '../terminal/text-table.ts';

interface ParkedOptions {
  readonly endpoint?: string;
  readonly json?: boolean;
}

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
      decide(decision, projection, vehicleId, options),
    );
}

function withOptions(command: Command): Command {
  return command.addOption(endpointOption('history')).option('--json', 'one JSON object a line');
}

async function list(options: ParkedOptions): Promise<void> {
  using client = openClient('history', options.endpoint);
  const rows: ParkedJson[] = [];
  for await (const parked of client.parkedEvents()) rows.push(parkedJson(parked));
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
  projection: string,
  vehicleId: string,
  options: ParkedOptions,
): Promise<void> {
  using client = openClient('history', options.endpoint);
  const decided =
    decision === 'retry'
      ? await client.retryParked(projection, vehicleId)
      : await client.dropParked(projection, vehicleId);
  const position = positionText(decided);
  if (options.json) await printJson({ decision, projection, vehicle_id: vehicleId, position });
  else await printLine(`the decision is in the log at ${position}`);
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
