import { Fault } from '@odograph/kernel/fault';
import { isoTime } from '@odograph/kernel/iso-time';
import { formatPosition } from '@odograph/kernel/position';
import { Command } from 'commander';
import { alertsTable } from '../alerting/alert-table.ts';
import {
  type AlertingOptions,
  type ConditionOptions,
  conditionsOf,
  hasCondition,
  withAlerting,
  withConditions,
} from '../alerting/conditions.ts';
import { silenceIdArgument } from '../alerting/silence-id.ts';
import { silencesTable } from '../alerting/silence-table.ts';
import { openClient } from '../endpoint.ts';
import { alertJson } from '../json/alert-json.ts';
import { type SilenceJson, silenceJson } from '../json/silence-json.ts';
import { textArgument } from '../terminal/arguments.ts';
import { note, printJson, printLine, terminalWidth } from '../terminal/output.ts';
import { type PersonOptions, personOf, withPerson } from '../terminal/person.ts';
import { assertRange, durationArgument, timeArgument } from '../terminal/time-argument.ts';

type ListOptions = AlertingOptions & { readonly all?: boolean };

type SetOptions = AlertingOptions &
  PersonOptions &
  ConditionOptions & { readonly for: number; readonly comment?: string };

type PreviewOptions = AlertingOptions & ConditionOptions & { readonly from: number; readonly to: number };

export function silencesCommand(): Command {
  return new Command('silences')
    .description('list, set and end silences, in which receivers get nothing of some alerts')
    .addCommand(
      withAlerting(new Command('list'))
        .description('print the silences that are not over')
        .option('--all', 'also those that are over')
        .action(list),
    )
    .addCommand(
      withAlerting(withPerson(withConditions(ofSilence('set', 'set a silence, or change one'))))
        .requiredOption('--for <duration>', 'for how long from now on, such as 2h', durationArgument)
        .option('--comment <text>', 'why', textArgument)
        .action(set),
    )
    .addCommand(withAlerting(withPerson(ofSilence('end', 'end a silence before its time'))).action(end))
    .addCommand(
      withAlerting(withConditions(new Command('preview')))
        .description('print the alerts of a time that a silence would have been for, and set none')
        .requiredOption(
          '--from <time>',
          'began from this time on: ISO 8601, a date, now, or -5m, -1h, -2d',
          timeArgument,
        )
        .requiredOption('--to <time>', 'began before this time, in the same forms', timeArgument)
        .action(preview),
    );
}

function ofSilence(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<id>', 'its id, such as depot-works', silenceIdArgument);
}

async function list({ all = false, json, endpoint }: ListOptions): Promise<void> {
  using client = openClient('alerting', endpoint);
  const rows: SilenceJson[] = [];
  for await (const silence of client.alerting.silences({ withEnded: all })) {
    if (json) await printJson(silenceJson(silence));
    else rows.push(silenceJson(silence));
  }
  if (rows.length > 0) await printLine(silencesTable(rows, terminalWidth()));
  else if (!json)
    note(all ? 'there is no silence yet' : 'there is no silence now: --all prints those before');
}

async function set(id: string, options: SetOptions): Promise<void> {
  assertCondition(options);
  const by = personOf(options);
  using client = openClient('alerting', options.endpoint);
  const startsAtMs = Date.now();
  const terms = { ...conditionsOf(options), startsAtMs, endsAtMs: startsAtMs + options.for };
  const { comment, json } = options;
  const { version, position } = await client.alerting.setSilence(id, terms, { by, comment });
  const endsAt = isoTime(terms.endsAtMs);
  if (json) {
    await printJson({ silence: id, ends_at: endsAt, version, position: formatPosition(position) });
    return;
  }
  await printLine(`silence ${id}: receivers get nothing of these alerts until ${endsAt}`);
  await printLine(`end it before that with: odograph silences end ${id}`);
}

async function end(id: string, options: AlertingOptions & PersonOptions): Promise<void> {
  const by = personOf(options);
  using client = openClient('alerting', options.endpoint);
  const { version, position } = await client.alerting.endSilence(id, { by });
  if (options.json)
    await printJson({ silence: id, ended: true, version, position: formatPosition(position) });
  else await printLine(`silence ${id} is over`);
}

async function preview(options: PreviewOptions): Promise<void> {
  assertCondition(options);
  assertRange(options);
  using client = openClient('alerting', options.endpoint);
  const terms = { ...conditionsOf(options), startsAtMs: options.from, endsAtMs: options.to };
  const { alerts, count } = await client.alerting.previewSilence(terms);
  if (options.json) {
    await printJson({ count, alerts: alerts.map(alertJson) });
    return;
  }
  if (count === 0) note('no such alert: a silence would have changed nothing');
  else await printLine(alertsTable(alerts, { nowMs: Date.now(), maxWidth: terminalWidth() }));
  if (count > alerts.length) note(`the newest ${alerts.length} of ${count}`);
}

/** A silence for everything would be set by a mistake. */
function assertCondition(options: ConditionOptions): void {
  if (hasCondition(options)) return;
  const message = 'give --rule, --vehicle, --fleet or --severity: a silence is not for all alerts';
  throw new Fault('INVALID_INPUT', message);
}
