import { resolve } from 'node:path';
import { Command } from 'commander';
import { countArgument, portArgument } from '../arguments.ts';
import { runLiveView } from '../live-table.ts';
import { note, printJson } from '../output.ts';
import { dataDirOf } from '../running-platform.ts';
import { runUp } from '../up/run-up.ts';
import { platformServices } from '../up/services.ts';
import type { UpState } from '../up/state-file.ts';

interface UpOptions {
  readonly data: string;
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
    .option('--data <dir>', 'where the data lies', dataDirOf(process.env))
    .option('--no-fleet', 'without the simulated vehicles')
    .option('--ingest-port <port>', 'where reports come in; a free one by default', portArgument)
    .option('--history-port <port>', 'where queries are answered; a free one by default', portArgument)
    .option('--partitions <count>', 'of the log; fixed once it is made', countArgument, DEFAULT_PARTITIONS)
    .option('--json', 'print one line of JSON when all is ready')
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const { partitions, fleet, ingestPort, historyPort, json: isJson = false } = options;
  const platform = {
    dataDir: resolve(options.data),
    services: platformServices,
    ports: { ingest: ingestPort, history: historyPort },
    partitions,
    env: process.env,
    report: note,
  };
  await runUp(platform, async (state: UpState, signal: AbortSignal) => {
    const { endpoints } = state;
    if (isJson) await printJson({ ready: true, ...state });
    await runLiveView({ endpoints, fleet, isShown: !isJson, signal });
  });
}
