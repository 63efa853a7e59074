import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { formatPosition, type Position } from '@odograph/kernel/position';
import { callUnary } from '@odograph/platform/grpc/client';
import { Command } from 'commander';
import { endpointOption, withClient } from '../connection/endpoint.ts';
import { everyPage } from '../connection/every-page.ts';
import { type SampleJson, sampleJson } from '../json/sample-json.ts';
import { countArgument, listArgument, positionArgument, timeArgument } from '../terminal/arguments.ts';
import { note, printJson, printLine } from '../terminal/output.ts';

interface HistoryOptions {
  readonly from?: number;
  readonly to?: number;
  readonly signals: readonly string[];
  readonly limit?: number;
  readonly atLeast?: Position;
  readonly endpoint?: string;
  readonly json?: boolean;
}

const PAGE_SIZE = 1_000;

export function historyCommand(): Command {
  return new Command('history')
    .description('print the samples of a vehicle, oldest first')
    .argument('<id>', 'the vehicle')
    .option('--from <time>', 'from this observed time on (ISO 8601)', timeArgument)
    .option('--to <time>', 'before this observed time (ISO 8601)', timeArgument)
    .option('--signals <names>', 'only these signals, separated by commas', listArgument, [])
    .option('--limit <count>', 'at most this many samples', countArgument)
    .option('--at-least <position>', 'wait until the answer includes this position', positionArgument)
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line')
    .action(history);
}

async function history(vehicleId: string, options: HistoryOptions): Promise<void> {
  await withClient('history', VehicleHistoryClient, options.endpoint, async (client) => {
    let count = 0;
    for await (const sample of samplesOf(client, vehicleId, options)) {
      if (options.json) await printJson(sample);
      else await printLine(inWords(sample));
      count += 1;
      if (count === options.limit) break;
    }
    if (count === 0 && !options.json) note(`${vehicleId} has no sample in this range`);
  });
}

async function* samplesOf(
  client: VehicleHistoryClient,
  vehicleId: string,
  { from: fromMs = 0, to: toMs = 0, signals, limit = PAGE_SIZE, atLeast }: HistoryOptions,
): AsyncGenerator<SampleJson> {
  const asked = { vehicleId, fromMs, toMs, signals: [...signals], withTotal: false, atLeast };
  const pageSize = Math.min(PAGE_SIZE, limit);
  for await (const page of everyPage((pageToken) =>
    callUnary(client.listSamples, { ...asked, pageSize, pageToken }),
  )) {
    for (const sample of page.samples) yield sampleJson(vehicleId, sample);
    if (page.parkedAt && !page.nextPageToken) {
      note(
        `the history stops before ${formatPosition(page.parkedAt)}: that event could not be applied (see "odograph parked list")`,
      );
    }
  }
}

function inWords({ observed_at, signals }: SampleJson): string {
  const values = Object.entries(signals).map(([name, value]) => `${name}=${value}`);
  return `${observed_at}  ${values.join(' ')}`;
}
