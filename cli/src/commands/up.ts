import { platformServices } from '@odograph/cluster/services';
import { dataDirOf, type UpState } from '@odograph/cluster/up-state';
import { DEFAULT_PARTITIONS } from '@odograph/kernel/defaults';
import { Command } from 'commander';
import { runLiveView } from '../live/live-view.ts';
import { folderArgument, partitionsArgument, portArgument } from '../terminal/arguments.ts';
import { note, printJson } from '../terminal/output.ts';
import { runUp } from '../up/run-up.ts';

interface CommandOptions {
  readonly data?: string;
  readonly fleet: boolean;
  readonly partitions?: number;
  readonly json?: boolean;
  /** Of each service, such as `ingestPort`. */
  readonly [port: `${string}Port`]: number | undefined;
}

export function upCommand(): Command {
  const command = new Command('up')
    .description('start the platform on this machine and show a live fleet; Ctrl-C stops it')
    .option(
      '--data <dir>',
      'the data directory; default: ODO_DATA_DIR, or .data in the checkout',
      folderArgument,
    )
    .option('--no-fleet', 'without the simulated vehicles');
  // The service that starts last is the one that a user calls first.
  for (const { name, portIsFor, usualPorts } of platformServices.toReversed())
    command
      .option(
        `--${name}-port <port>`,
        `gRPC port for ${portIsFor}; ${usually(usualPorts.grpc)}`,
        portArgument,
      )
      .option(
        `--${name}-metrics-port <port>`,
        `port of its metrics; ${usually(usualPorts.metrics)}`,
        portArgument,
      );
  return command
    .option(
      '--partitions <count>',
      `partitions of a new log, which keeps them; default: ODO_PARTITIONS, or ${DEFAULT_PARTITIONS}`,
      partitionsArgument,
    )
    .option('--json', 'print one line of JSON when all processes are up')
    .action(up);
}

const usually = (port: number) => `default: that of the last start, at first ${port} if it is free`;

async function up(options: CommandOptions): Promise<void> {
  const { data, partitions, fleet, json: isJson = false } = options;
  const platform = {
    dataDir: data ?? dataDirOf(process.env),
    services: platformServices,
    ports: Object.fromEntries(
      platformServices.flatMap(({ name }) => [
        [name, options[`${name}Port`]],
        [`${name}-metrics`, options[`${name}MetricsPort`]],
      ]),
    ),
    partitions,
    env: process.env,
    note,
  };
  await runUp(platform, async (state: UpState, signal: AbortSignal) => {
    const { endpoints, metrics } = state;
    if (isJson) await printJson({ ready: true, ...state });
    await runLiveView({ dataDir: platform.dataDir, endpoints, metrics, fleet, isShown: !isJson, signal });
  });
}
