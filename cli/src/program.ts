import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { alertsCommand } from './commands/alerts.ts';
import { backtestCommand } from './commands/backtest.ts';
import { cacheCommand } from './commands/cache.ts';
import { deadletterCommand } from './commands/deadletter.ts';
import { doctorCommand } from './commands/doctor.ts';
import { historyCommand } from './commands/history.ts';
import { logCommand } from './commands/log.ts';
import { parkedCommand } from './commands/parked.ts';
import { quarantineCommand } from './commands/quarantine.ts';
import { replayCommand } from './commands/replay.ts';
import { rulesCommand } from './commands/rules.ts';
import { silencesCommand } from './commands/silences.ts';
import { statusCommand } from './commands/status.ts';
import { upCommand } from './commands/up.ts';
import { vehiclesCommand } from './commands/vehicles.ts';

/** The whole command line. It throws a Fault or a CommanderError, and never exits the process. */
export function createProgram(): Command {
  const program = new Command('odograph')
    .description('an event-sourced platform for vehicle telemetry')
    .version(packageJson.version)
    .addCommand(upCommand())
    .addCommand(replayCommand())
    .addCommand(statusCommand())
    .addCommand(vehiclesCommand())
    .addCommand(historyCommand())
    .addCommand(alertsCommand())
    .addCommand(rulesCommand())
    .addCommand(silencesCommand())
    .addCommand(backtestCommand())
    .addCommand(deadletterCommand())
    .addCommand(logCommand())
    .addCommand(parkedCommand())
    .addCommand(quarantineCommand())
    .addCommand(cacheCommand())
    .addCommand(doctorCommand());
  throwInsteadOfExit(program);
  return program;
}

function throwInsteadOfExit(command: Command): void {
  const isJson = process.argv.includes('--json');
  command.exitOverride();
  if (isJson) command.configureOutput({ outputError: () => undefined });
  else command.showHelpAfterError('See --help.');
  for (const each of command.commands) throwInsteadOfExit(each);
}
