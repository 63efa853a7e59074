import type { AlertFilter } from '@odograph/client/alert';
import {
  ALERT_SEVERITIES,
  ALERT_STATES,
  type AlertSeverity,
  type AlertState,
} from '@odograph/client/alert-words';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { endpointOption } from '../endpoint.ts';
import { repeatable, textArgument } from '../terminal/arguments.ts';

/** The options of every command that asks alerting. */
export interface AlertingOptions {
  readonly endpoint?: string;
  readonly json?: boolean;
}

export function withAlerting(command: Command): Command {
  return command.addOption(endpointOption('alerting')).option('--json', 'one JSON object a line');
}

/** Which alerts, by name. */
export interface ConditionOptions {
  readonly rule?: readonly string[];
  readonly vehicle?: readonly string[];
  readonly fleet?: readonly string[];
  readonly severity?: readonly AlertSeverity[];
}

export function withConditions(command: Command): Command {
  const names = repeatable(textArgument);
  return command
    .option('--rule <name>', 'only of this rule; repeat for others', names)
    .option('--vehicle <id>', 'only of this vehicle; repeat for others', names)
    .option('--fleet <name>', 'only of vehicles of this fleet; repeat for others', names)
    .option(
      '--severity <severity>',
      `only with this severity, ${ALERT_SEVERITIES.join(', ')}; repeat for others`,
      repeatable(wordArgument(ALERT_SEVERITIES)),
    );
}

export function conditionsOf({ rule, vehicle, fleet, severity }: ConditionOptions) {
  return { rules: rule, vehicles: vehicle, fleets: fleet, severities: severity };
}

/** Whether only some alerts are named. */
export function hasCondition({ rule, vehicle, fleet, severity }: ConditionOptions): boolean {
  return [rule, vehicle, fleet, severity].some((each) => each !== undefined);
}

export function stateOption(): Option {
  const states = ALERT_STATES.join(', ');
  return new Option(
    '--state <state>',
    `only in this state, ${states}; repeat for others (default: those that are going on)`,
  ).argParser(repeatable<AlertState>(wordArgument(ALERT_STATES)));
}

export interface AcknowledgedOptions {
  readonly acknowledged?: boolean;
  readonly unacknowledged?: boolean;
}

export function withAcknowledged(command: Command): Command {
  return command
    .addOption(
      new Option('--acknowledged', 'only those that a person takes care of').conflicts('unacknowledged'),
    )
    .option('--unacknowledged', 'only the others');
}

export function acknowledgedOf({
  acknowledged = false,
  unacknowledged = false,
}: AcknowledgedOptions): AlertFilter['isAcknowledged'] {
  return acknowledged || unacknowledged ? acknowledged : undefined;
}

function wordArgument<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`It must be one of ${words.join(', ')}.`);
  };
}
