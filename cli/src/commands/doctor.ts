import { dataDirOf, type RunningPlatform, runningPlatform } from '@odograph/cluster/up-state';
import { isFault } from '@odograph/kernel/fault';
import { Command } from 'commander';
import { type Check, fail } from '../doctor/check.ts';
import { checkBinaries, checkDataDir, checkLoopback, checkNode } from '../doctor/machine.ts';
import { checkPlatform } from '../doctor/platform.ts';
import { checkService } from '../doctor/services.ts';
import { endpointOption } from '../endpoint.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { printJson, printLine } from '../terminal/output.ts';

interface DoctorOptions {
  readonly endpoint?: string;
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check what keeps the platform from running well, and say what to do')
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line')
    .action(doctor);
}

async function doctor({ endpoint, json: isJson }: DoctorOptions): Promise<void> {
  for await (const check of allChecks(endpoint)) {
    if (isJson) await printJson(check);
    else await printLine(inWords(check));
    if (check.status === 'fail') process.exitCode = EXIT.failed;
  }
}

async function* allChecks(endpoint: string | undefined): AsyncGenerator<Check> {
  const dataDir = dataDirOf(process.env);
  yield checkNode(process.versions.node);
  yield* checkBinaries(process.env);
  yield* checkDataDir(dataDir, process.env);
  yield checkLoopback();
  if (endpoint !== undefined) yield* checkService({ name: 'history', endpoint });
  else yield* checkFound(dataDir);
}

/** What runs on the data directory; what keeps us from finding it is a finding too. */
async function* checkFound(dataDir: string): AsyncGenerator<Check> {
  let running: RunningPlatform | undefined;
  try {
    running = runningPlatform(dataDir);
  } catch (error) {
    if (!isFault(error, 'UNAVAILABLE')) throw error;
    const remedy =
      error.cause === undefined
        ? 'then restart odograph up, which writes it again'
        : 'run the doctor as the user who runs odograph up';
    yield fail('platform', error.message, remedy);
    return;
  }
  yield* checkPlatform(running, dataDir);
}

function inWords({ check, status, message, remedy }: Check): string {
  const line = `${status.padEnd(4)}  ${check}: ${message}`;
  return remedy === undefined ? line : `${line}\n      ${remedy}`;
}
