import { Fault } from '@odograph/kernel/fault';
import {
  type OpenSource,
  openSource,
  SOURCE_FORMATS,
  type SourceFormat,
  type SourceOptions,
} from '@odograph/sources/recorded/open-source';
import { Command, InvalidArgumentError, Option } from 'commander';
import { endpointOption, openClient } from '../endpoint.ts';
import { assertTaken, createRejections, outcomeInWords, outcomeJson } from '../replay/outcome.ts';
import type { Speed } from '../replay/pace.ts';
import { createProgress } from '../replay/progress.ts';
import { sendSource } from '../replay/send-source.ts';
import { Tally, type Totals } from '../replay/tally.ts';
import { textArgument } from '../terminal/arguments.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { printJson, printLine } from '../terminal/output.ts';

interface ReplayOptions {
  readonly format: SourceFormat;
  readonly speed: Speed;
  readonly speedUnit: NonNullable<SourceOptions['speedUnit']>;
  readonly vehicle: string;
  readonly tz: string;
  readonly endpoint?: string;
  readonly json?: boolean;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('send a recorded file to ingest; sending it again changes nothing')
    .argument('<file>', 'the file, or - for standard input')
    .addOption(new Option('--format <format>', 'its form').choices(SOURCE_FORMATS).makeOptionMandatory())
    .option('--speed <speed>', 'times faster than it was recorded, or max', speedArgument, 'max')
    .addOption(new Option('--speed-unit <unit>', 'of capmetro speeds').choices(['ms', 'mph']).default('ms'))
    .option('--vehicle <id>', 'the vehicle of twizy drives', textArgument, 'twizy')
    .option('--tz <zone>', 'the time zone of twizy drives', textArgument, 'Africa/Casablanca')
    .addOption(endpointOption('ingest'))
    .option('--json', 'end with one line of JSON')
    .action(replay);
}

/** The options that only one format has. */
const FORMAT_OF: Readonly<Record<string, SourceFormat>> = {
  speedUnit: 'capmetro',
  vehicle: 'twizy',
  tz: 'twizy',
};

async function replay(file: string, options: ReplayOptions, command: Command): Promise<void> {
  assertOfFormat(command, options.format);
  const { format, speedUnit, vehicle: vehicleId, tz: timeZone } = options;
  const source = await openSource(file, format, { speedUnit, vehicleId, timeZone });
  const startedMs = performance.now();
  const totals = await untilInterrupted((signal) => sendAll(source, options, signal));
  const seconds = Math.round(performance.now() - startedMs) / 1_000;
  if (options.json) await printJson(outcomeJson(totals, seconds));
  else await printLine(outcomeInWords(totals, seconds));
  assertTaken(file, { rows: totals.sent, rejected: totals.rejected });
}

async function sendAll(source: OpenSource, options: ReplayOptions, signal: AbortSignal): Promise<Totals> {
  const { speed, endpoint, json: isJson = false } = options;
  const progress = createProgress(source, !isJson);
  const rejections = createRejections(isJson, progress.note);
  const tally = new Tally(rejections.add);
  const onProgress = () => progress.show(tally.sent);
  try {
    using client = openClient('ingest', endpoint);
    await sendSource(client, source.rows, tally, { speed, signal, onProgress });
    return tally.totals;
  } catch (error) {
    if (!isJson && tally.sent > 0)
      progress.note(`${tally.sent} rows were done by then; replay the file again for the others`);
    throw error;
  } finally {
    source.close();
    rejections.end();
    progress.end();
  }
}

/** Throws a Fault INVALID_INPUT if an option was given that would change nothing. */
function assertOfFormat(command: Command, format: SourceFormat): void {
  const idle = command.options.find((option) => {
    const only = FORMAT_OF[option.attributeName()];
    return only && only !== format && command.getOptionValueSource(option.attributeName()) === 'cli';
  });
  if (idle)
    throw new Fault(
      'INVALID_INPUT',
      `${idle.long} is for --format ${FORMAT_OF[idle.attributeName()]}: leave it out`,
    );
}

function speedArgument(text: string): Speed {
  if (text === 'max') return 'max';
  const speed = Number(text);
  if (speed > 0 && speed <= 1_000_000) return speed;
  throw new InvalidArgumentError('It must be max, or a number above 0, such as 1 or 60.');
}
