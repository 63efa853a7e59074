import type { Client } from '@odograph/client';
import type { ListSamplesResponse } from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import { everyPage, type SamplesOptions } from '@odograph/client/history';
import { formatPosition } from '@odograph/kernel/position';
import { isSignalName } from '@odograph/kernel/signal';
import { visible } from '@odograph/kernel/visible';
import { Command, InvalidArgumentError, Option } from 'commander';
import { endpointOption, openClient } from '../endpoint.ts';
import { type SampleJson, sampleJson } from '../json/sample-json.ts';
import { countArgument, listArgument } from '../terminal/arguments.ts';
import { type AtLeastOptions, atLeastOf, withAtLeast } from '../terminal/filter.ts';
import { note, printJson, printLine } from '../terminal/output.ts';
import { assertRange, timeArgument } from '../terminal/time-argument.ts';

interface HistoryOptions extends AtLeastOptions {
  readonly from?: number;
  readonly to?: number;
  readonly signals?: readonly string[];
  readonly limit?: number;
  readonly last?: number;
  readonly endpoint?: string;
  readonly json?: boolean;
}

export function historyCommand(): Command {
  return withAtLeast(new Command('history'))
    .description('print the samples of a vehicle, oldest first')
    .argument('<id>', 'the vehicle')
    .option(
      '--from <time>',
      'from this observed time on: ISO 8601, a date, now, or -5m, -1h, -2d',
      timeArgument,
    )
    .option('--to <time>', 'before this observed time, in the same forms', timeArgument)
    .option('--signals <names>', 'only these signals, separated by commas', signalsArgument)
    .option('--limit <count>', 'at most this many samples', countArgument)
    .addOption(
      new Option('--last <count>', 'the last samples of the range, at most this many')
        .argParser(lastArgument)
        .conflicts('limit'),
    )
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line')
    .action(history);
}

async function history(vehicleId: string, options: HistoryOptions): Promise<void> {
  assertRange(options);
  using client = openClient('history', options.endpoint);
  let count = 0;
  for await (const sample of samplesOf(client, vehicleId, options)) {
    if (options.json) await printJson(sample);
    else await printLine(inWords(sample));
    count += 1;
    if (count === options.limit) break;
  }
  if (count > 0) return;
  // Throws NOT_FOUND for a vehicle that does not exist.
  await client.status(vehicleId);
  if (!options.json) note(`${vehicleId} has no sample in this range`);
}

/** A page has them all. */
const MAX_LAST = 1_000;

function lastArgument(text: string): number {
  const count = countArgument(text);
  if (count <= MAX_LAST) return count;
  throw new InvalidArgumentError(`at most ${MAX_LAST}: use --from for more.`);
}

/** Names that a signal can have. */
function signalsArgument(text: string): readonly string[] {
  const names = listArgument(text);
  const wrong = names.find((name) => !isSignalName(name));
  if (wrong === undefined) return names;
  throw new InvalidArgumentError(
    `${JSON.stringify(wrong)} is not a signal: use names such as speed_kmh, or a VSS path such as Vehicle.IsMoving.`,
  );
}

async function* samplesOf(
  client: Client,
  vehicleId: string,
  { from: fromMs, to: toMs, signals, limit = Number.POSITIVE_INFINITY, last, ...options }: HistoryOptions,
): AsyncGenerator<SampleJson> {
  const atLeast = await atLeastOf(vehicleId, options, async () => (await client.describeLog()).length);
  const range = { fromMs, toMs, signals, atLeast };
  if (last !== undefined) {
    yield* await lastSamples(client, vehicleId, { ...range, pageSize: last });
    return;
  }
  const pages = everyPage((pageToken, largestPage) => {
    const pageSize = Math.min(largestPage, limit);
    return client.samplePage(vehicleId, { ...range, pageSize, pageToken });
  });
  for await (const page of pages) {
    for (const sample of page.samples) yield sampleJson(vehicleId, sample);
    if (!page.nextPageToken) noteIfParked(page);
  }
}

/** The last samples of a range, oldest first. A page ends early if they are very large, so there may be several. */
async function lastSamples(
  client: Client,
  vehicleId: string,
  { pageSize, ...range }: SamplesOptions & { readonly pageSize: number },
): Promise<readonly SampleJson[]> {
  const found: SampleJson[] = [];
  for (let pageToken = ''; ; ) {
    const left = pageSize - found.length;
    const page = await client.samplePage(vehicleId, {
      ...{ ...range, pageToken, order: 'newest first', pageSize: left },
    });
    found.push(...page.samples.map((sample) => sampleJson(vehicleId, sample)));
    pageToken = page.nextPageToken;
    if (found.length < pageSize && pageToken !== '') continue;
    noteIfParked(page);
    return found.reverse();
  }
}

function noteIfParked({ parkedAt }: ListSamplesResponse): void {
  if (!parkedAt) return;
  const where = formatPosition(parkedAt);
  note(`the history stops before ${where}: that event could not be applied (see "odograph parked list")`);
}

function inWords({ observed_at, signals }: SampleJson): string {
  const values = Object.entries(signals).map(([name, value]) => `${name}=${visible(String(value))}`);
  return `${observed_at}  ${values.join(' ')}`;
}
