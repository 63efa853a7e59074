import { EventLogClient } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { callServerStream } from '@odograph/platform/grpc/client';
import { Command } from 'commander';
import { endpointOption, withClient } from '../connection/endpoint.ts';
import { doubtLine } from '../event-log/doubt-line.ts';
import { eventJson } from '../json/event-json.ts';
import { countArgument } from '../terminal/arguments.ts';
import { note, printJson, printLine } from '../terminal/output.ts';

interface QuarantineOptions {
  readonly vehicle: string;
  readonly limit?: number;
  readonly endpoint?: string;
  readonly json?: boolean;
}

/** Events that the views leave out, or merge from two contents. */
const TYPES = ['TelemetryQuarantined', 'TelemetryConflicted', 'UndecodableReceived'];

export function quarantineCommand(): Command {
  const list = new Command('list')
    .description('list reports that were not believed, conflict with an earlier one, or could not be decoded')
    .option('--vehicle <id>', 'only events of this vehicle', '')
    .option('--limit <count>', 'at most this many', countArgument)
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line, as of "log read"')
    .action(listQuarantine);
  return new Command('quarantine').description('list quarantined and conflicting reports').addCommand(list);
}

async function listQuarantine({
  vehicle,
  limit = 0,
  endpoint,
  json: isJson,
}: QuarantineOptions): Promise<void> {
  let count = 0;
  await withClient('history', EventLogClient, endpoint, async (client) => {
    const asked = { after: [], partitions: [], types: TYPES, subject: vehicle, limit };
    for await (const { events } of callServerStream(client.read, asked)) {
      count += events.length;
      for (const event of events) {
        if (isJson) await printJson(eventJson(event));
        else await printLine(doubtLine(event));
      }
    }
  });
  if (count === 0 && !isJson) note('no report is quarantined');
}
