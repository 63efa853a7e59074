import {
  EventLogClient,
  type LoggedEvent,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import type { Position } from '@odograph/kernel/position';
import { callServerStream } from '@odograph/platform/grpc/client';
import { Command } from 'commander';
import { endpointOption, withClient } from '../connection/endpoint.ts';
import { eventLine } from '../event-log/event-line.ts';
import { follow } from '../event-log/follow.ts';
import { logRange } from '../event-log/log-range.ts';
import { eventJson } from '../json/event-json.ts';
import {
  countArgument,
  listArgument,
  partitionArgument,
  positionArgument,
  repeatable,
} from '../terminal/arguments.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { printJson, printLine } from '../terminal/output.ts';

interface LogOptions {
  readonly from: readonly Position[];
  readonly partition: readonly number[];
  readonly type: readonly string[];
  readonly subject: string;
  readonly endpoint?: string;
  readonly json?: boolean;
}

export function logCommand(): Command {
  return new Command('log')
    .description('print the event log: every event, once, in order')
    .addCommand(readCommand())
    .addCommand(tailCommand());
}

function readCommand(): Command {
  return withLogOptions(new Command('read').description('print what is in the log now'))
    .option('--limit <count>', 'at most this many events', countArgument)
    .action(read);
}

function tailCommand(): Command {
  return withLogOptions(
    new Command('tail').description('print what is committed from now on, until Ctrl-C'),
  ).action(tail);
}

function withLogOptions(command: Command): Command {
  return command
    .option(
      '--from <position>',
      'start here, in this partition only; repeat for others',
      repeatable(positionArgument),
      [],
    )
    .option(
      '--partition <number>',
      'only this partition; repeat for others',
      repeatable(partitionArgument),
      [],
    )
    .option(
      '--type <names>',
      'only these event types, separated by commas (default: all but TimeTicked)',
      listArgument,
      [],
    )
    .option('--subject <id>', 'only events of this vehicle', '')
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line');
}

async function read(options: LogOptions & { readonly limit?: number }): Promise<void> {
  const { from, partition, type, subject, limit = 0 } = options;
  await withClient('history', EventLogClient, options.endpoint, async (client) => {
    const asked = { ...logRange(from, partition), types: [...type], subject, limit };
    for await (const { events } of callServerStream(client.read, asked)) {
      for (const event of events) await print(event, options);
    }
  });
}

async function tail(options: LogOptions): Promise<void> {
  const { from, partition } = options;
  await withClient('history', EventLogClient, options.endpoint, (client) =>
    untilInterrupted(async (signal) => {
      for await (const event of follow({ client, from, partitions: partition, signal })) {
        if (isWanted(event, options)) await print(event, options);
      }
    }),
  );
}

/** `Subscribe` has no filter, so the client filters. */
function isWanted({ event }: LoggedEvent, { type: types, subject }: LogOptions): boolean {
  if (event === undefined) return false;
  const isOfType = types.length > 0 ? types.includes(event.type) : event.type !== 'TimeTicked';
  return isOfType && (subject === '' || event.subject === subject);
}

async function print(event: LoggedEvent, { json: isJson }: LogOptions): Promise<void> {
  const json = eventJson(event);
  if (isJson) await printJson(json);
  else await printLine(eventLine(json));
}
