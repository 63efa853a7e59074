import { resolve } from 'node:path';
import { platformServices } from '@odograph/cluster/services';
import type { UpState } from '@odograph/cluster/state-file';
import { Command, Option } from 'commander';
import { dataDirOf } from '../connection/running-platform.ts';
import { runLiveView } from '../live/run-live-view.ts';
import { countArgument, portArgument } from '../terminal/arguments.ts';
import { note, printJson } from '../terminal/output.ts';
import { runUp } from '../up/run-up.ts';

interface UpOptions {
  readonly data?: string;
  readonly fleet: boolean;
  readonly ingestPort?: number;
  readonly historyPort?: number;
  readonly partitions: number;
  readonly json?: boolean;
}

const DEFAULT_PARTITIONS = 2;

export function upCommand(): Command {
  return new Command('up')
    .description('start everything here and show a live fleet; Ctrl-C stops it')
    .option('--data <dir>', 'where the data lies; by default ODO_DATA_DIR, else .data')
    .option('--no-fleet', 'without the simulated vehicles')
    .option('--ingest-port <port>', 'where reports come in; a free one by default', portArgument)
    .option('--history-port <port>', 'where queries are answered; a free one by default', portArgument)
    .addOption(
      new Option('--partitions <count>', 'of the log; fixed once it is made')
        .argParser(countArgument)
        .default(DEFAULT_PARTITIONS)
        .env('ODO_PARTITIONS'),
    )
    .option('--json', 'print one line of JSON when all is ready')
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const { data, partitions, fleet, ingestPort, historyPort, json: isJson = false } = options;
  const platform = {
    dataDir: data === undefined ? dataDirOf(process.env) : resolve(data),
    services: platformServices,
    ports: { ingest: ingestPort, history: historyPort },
    partitions,
    env: process.env,
    note,
  };
  await runUp(platform, async (state: UpState, signal: AbortSignal) => {
    const { endpoints } = state;
    if (isJson) await printJson({ ready: true, ...state });
    await runLiveView({ endpoints, fleet, isShown: !isJson, signal });
  });
}
