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

/** What the views leave out, and what they unite of two contents. */
const TYPES = ['TelemetryQuarantined', 'TelemetryConflicted', 'UndecodableReceived'];

export function quarantineCommand(): Command {
  const list = new Command('list')
    .description(
      'what could be read but not believed, what came twice with other content, what could not be decoded',
    )
    .option('--vehicle <id>', 'only of this vehicle', '')
    .option('--limit <count>', 'at most so many', countArgument)
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line, as of "log read"')
    .action(listQuarantine);
  return new Command('quarantine').description('what was set aside, or is in doubt').addCommand(list);
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
  if (count === 0 && !isJson) note('nothing is in quarantine');
}
