import type { LogEvent } from '@odograph/client/log';
import { NEWEST_VERSIONS } from '@odograph/contracts/event-catalogue';
import { formatPosition, type Position } from '@odograph/kernel/position';
import { visible } from '@odograph/kernel/visible';
import { Command, InvalidArgumentError } from 'commander';
import { endpointOption, openClient } from '../endpoint.ts';
import { type EventJson, eventJson } from '../json/event-json.ts';
import {
  countArgument,
  listArgument,
  messageArgument,
  partitionArgument,
  positionArgument,
  repeatable,
  textArgument,
} from '../terminal/arguments.ts';
import { type AtLeastOptions, withAtLeast } from '../terminal/filter.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { note, noteWait, printJson, printLine } from '../terminal/output.ts';
import { logRange } from './log-range.ts';

interface LogOptions {
  readonly from?: readonly Position[];
  readonly partition?: readonly number[];
  readonly type?: readonly string[];
  readonly subject?: string;
  readonly endpoint?: string;
  readonly json?: boolean;
}

/** Characters of an event's data that people see. */
const DATA_MAX_LENGTH = 240;

export function logCommand(): Command {
  return new Command('log')
    .description('print the event log: every event, once, in order; or let it continue')
    .addCommand(readCommand())
    .addCommand(tailCommand())
    .addCommand(setAsideCommand());
}

function readCommand(): Command {
  return withAtLeast(withLogOptions(new Command('read').description('print what is in the log now')))
    .option('--limit <count>', 'at most this many events', countArgument)
    .action(read);
}

function tailCommand(): Command {
  return withLogOptions(
    new Command('tail').description('print what is committed from now on, until Ctrl-C'),
  ).action(tail);
}

function setAsideCommand(): Command {
  return new Command('set-aside')
    .description('continue without a message of a stream that halts its partition; its bytes stay in the log')
    .argument('<message>', 'its partition and sequence, such as 0/1234', messageArgument)
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line')
    .action(setAside);
}

async function setAside(message: Position, { endpoint, json }: LogOptions): Promise<void> {
  using client = openClient('history', endpoint);
  await client.setMessageAside(message);
  const position = formatPosition(message);
  if (json) await printJson({ set_aside: position });
  else await printLine(`message ${position} is set aside: the log continues within seconds`);
}

function withLogOptions(command: Command): Command {
  return command
    .option(
      '--from <position>',
      'start here, in this partition only; repeat for others',
      repeatable(positionArgument),
    )
    .option('--partition <number>', 'only this partition; repeat for others', repeatable(partitionArgument))
    .option(
      '--type <names>',
      'only these event types, separated by commas (default: all but TimeTicked)',
      typesArgument,
    )
    .option('--subject <id>', 'only events of this vehicle', textArgument)
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line');
}

interface ReadOptions extends LogOptions, AtLeastOptions {
  readonly limit?: number;
}

async function read(options: ReadOptions): Promise<void> {
  const { from, partition, type: types, subject, limit, atLeast } = options;
  const wanted = { ...logRange(from, partition), types, subject, limit, atLeast };
  using client = openClient('history', options.endpoint);
  let count = 0;
  for await (const event of client.readLog(wanted)) {
    count += 1;
    await print(event, options);
  }
  if (count === 0 && !options.json) note('the log has no such event');
}

async function tail(options: LogOptions): Promise<void> {
  const { from = [], partition, type: types, subject } = options;
  const wanted = { ...logRange(from, partition), types, subject };
  using client = openClient('history', options.endpoint);
  noteWait('waiting for events …');
  await untilInterrupted(async (signal) => {
    const events = client.events({
      ...wanted,
      from: from.length > 0 ? 'start' : 'now',
      signal,
      onDisconnect: ({ message }) => note(`${message}; trying again`),
    });
    for await (const event of events) await print(event, options);
  });
}

/** Names of event types that this program knows. */
function typesArgument(text: string): readonly string[] {
  const types = listArgument(text);
  const unknown = types.find((type) => !NEWEST_VERSIONS.has(type));
  if (unknown === undefined) return types;
  const known = [...NEWEST_VERSIONS.keys()].join(', ');
  throw new InvalidArgumentError(
    `There is no event type ${JSON.stringify(unknown)}: the types are ${known}.`,
  );
}

async function print(event: LogEvent, { json: isJson }: LogOptions): Promise<void> {
  const json = eventJson(event);
  if (isJson) await printJson(json);
  else await printLine(visible(inWords(json)));
}

function inWords({ position, received_at, type, subject, data }: EventJson): string {
  const text = JSON.stringify(data);
  const shortened = text.length > DATA_MAX_LENGTH ? `${text.slice(0, DATA_MAX_LENGTH)}…` : text;
  return `${position}  ${received_at ?? ''}  ${type}  ${subject}  ${shortened}`;
}
