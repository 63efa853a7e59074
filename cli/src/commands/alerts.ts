import type { Alert, AlertFilter } from '@odograph/client/alert';
import { type AlertState, OPEN_STATES } from '@odograph/client/alert-words';
import type { Alerting } from '@odograph/client/alerting';
import { isFault } from '@odograph/kernel/fault';
import { isoTime } from '@odograph/kernel/iso-time';
import { formatPosition } from '@odograph/kernel/position';
import { Command, Option } from 'commander';
import { alertsTable, alertTables, changeInWords } from '../alerting/alert-table.ts';
import {
  type AcknowledgedOptions,
  type AlertingOptions,
  acknowledgedOf,
  type ConditionOptions,
  conditionsOf,
  stateOption,
  withAcknowledged,
  withAlerting,
  withConditions,
} from '../alerting/conditions.ts';
import { SeenAlerts } from '../alerting/seen-alerts.ts';
import { silenceIdOf } from '../alerting/silence-id.ts';
import { openClient } from '../endpoint.ts';
import { alertJson, alertWithHistoryJson } from '../json/alert-json.ts';
import { countArgument, textArgument } from '../terminal/arguments.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { note, noteWait, printJson, printLine, terminalWidth } from '../terminal/output.ts';
import { type PersonOptions, personOf, withPerson } from '../terminal/person.ts';
import { assertRange, durationArgument, timeArgument } from '../terminal/time-argument.ts';

type FilterOptions = ConditionOptions & AcknowledgedOptions & AlertingOptions;

interface ListOptions extends FilterOptions {
  readonly state?: readonly AlertState[];
  readonly all?: boolean;
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

export function alertsCommand(): Command {
  return new Command('alerts')
    .description('list, watch and acknowledge alerts, and silence them')
    .addCommand(listCommand())
    .addCommand(withAlerting(ofAlert('show', 'print an alert, its history and its notices')).action(show))
    .addCommand(
      withAlerting(
        withPerson(
          ofAlert('ack', 'say that you take care of an alert').option(
            '--note <text>',
            'what you do',
            textArgument,
          ),
        ),
      ).action(acknowledge),
    )
    .addCommand(silenceCommand())
    .addCommand(
      withAlerting(withAcknowledged(withConditions(new Command('watch'))))
        .description('print the alerts that are going on, and each change, until Ctrl-C')
        .action(watch),
    );
}

function ofAlert(name: string, description: string): Command {
  return new Command(name).description(description).argument('<id>', 'the alert, as "alerts list" prints it');
}

function listCommand(): Command {
  const command = new Command('list')
    .description('print the alerts that are going on, the newest first')
    .addOption(stateOption())
    .addOption(new Option('--all', 'in every state').conflicts('state'));
  return withAlerting(withAcknowledged(withConditions(command)))
    .option('--from <time>', 'began from this time on: ISO 8601, a date, now, or -5m, -1h, -2d', timeArgument)
    .option('--to <time>', 'began before this time, in the same forms', timeArgument)
    .option('--limit <count>', 'at most this many alerts', countArgument)
    .action(list);
}

function silenceCommand(): Command {
  return withAlerting(
    withPerson(
      ofAlert('silence', 'tell receivers nothing of the rule and vehicle of an alert')
        .requiredOption('--for <duration>', 'for how long from now on, such as 2h', durationArgument)
        .option('--comment <text>', 'why', textArgument),
    ),
  ).action(silence);
}

async function list(options: ListOptions): Promise<void> {
  assertRange(options);
  using client = openClient('alerting', options.endpoint);
  const { limit = Number.POSITIVE_INFINITY } = options;
  const filter = { ...filterOf(options), states: statesOf(options), fromMs: options.from, toMs: options.to };
  const pageSize = Number.isFinite(limit) ? Math.min(LARGEST_PAGE, limit) : LARGEST_PAGE;
  const rows: Alert[] = [];
  let count = 0;
  for await (const alert of client.alerting.alerts({ ...filter, pageSize })) {
    if (options.json) await printJson(alertJson(alert));
    else rows.push(alert);
    count += 1;
    if (count >= limit) break;
  }
  if (options.json) return;
  if (rows.length > 0) await printLine(alertsTable(rows, { nowMs: Date.now(), maxWidth: terminalWidth() }));
  else note(noneInWords(options));
}

const LARGEST_PAGE = 1_000;

function statesOf({ state, all }: ListOptions): readonly AlertState[] {
  return all ? [] : (state ?? OPEN_STATES);
}

function noneInWords({ state, all }: ListOptions): string {
  if (all || state) return 'no such alert';
  return 'no such alert is going on: --all prints those that are over too';
}

const filterOf = (options: FilterOptions): AlertFilter => ({
  ...conditionsOf(options),
  isAcknowledged: acknowledgedOf(options),
});

async function show(alertId: string, options: AlertingOptions): Promise<void> {
  using client = openClient('alerting', options.endpoint);
  const found = await client.alerting.alert(alertId);
  if (options.json) await printJson(alertWithHistoryJson(found));
  else await printLine(alertTables(found, Date.now()));
}

type AcknowledgeOptions = AlertingOptions & PersonOptions & { readonly note?: string };

async function acknowledge(alertId: string, options: AcknowledgeOptions): Promise<void> {
  const by = personOf(options);
  using client = openClient('alerting', options.endpoint);
  const { alert, position } = await client.alerting.acknowledge(alertId, { by, note: options.note });
  if (options.json) await printJson({ ...alertJson(alert), position: formatPosition(position) });
  else await printLine(acknowledgedInWords(alert, by));
}

function acknowledgedInWords({ id, acknowledged }: Alert, by: string): string {
  if (!acknowledged) return `${id} was over before it was acknowledged; that is in its history`;
  if (acknowledged.by === by) return `${id} is acknowledged by ${by}`;
  const { by: first, atMs } = acknowledged;
  return `${id} is acknowledged by ${first} since ${isoTime(atMs)}; you are in its history too`;
}

type SilenceOptions = AlertingOptions & PersonOptions & { readonly for: number; readonly comment?: string };

async function silence(alertId: string, options: SilenceOptions): Promise<void> {
  const by = personOf(options);
  using client = openClient('alerting', options.endpoint);
  const { alert } = await client.alerting.alert(alertId);
  const { rule, vehicleId } = alert;
  const id = silenceIdOf(rule, vehicleId);
  const startsAtMs = Date.now();
  const terms = { rules: [rule], vehicles: [vehicleId], startsAtMs, endsAtMs: startsAtMs + options.for };
  const { comment } = options;
  const { version, position } = await client.alerting.setSilence(id, terms, { by, comment });
  const endsAt = isoTime(terms.endsAtMs);
  if (options.json) {
    const silenced = { rule, vehicle_id: vehicleId, ends_at: endsAt };
    await printJson({ silence: id, ...silenced, version, position: formatPosition(position) });
    return;
  }
  await printLine(`silence ${id}: receivers get nothing of ${rule} for ${vehicleId} until ${endsAt}`);
  await printLine(`end it before that with: odograph silences end ${id}`);
}

async function watch(options: FilterOptions): Promise<void> {
  using client = openClient('alerting', options.endpoint);
  noteWait('waiting for alerts …');
  const seen = new SeenAlerts();
  await untilInterrupted(async (signal) => {
    const messages = client.alerting.watchAlerts({
      ...filterOf(options),
      signal,
      onDisconnect: ({ message }) => note(`${message}; trying again`),
    });
    for await (const message of messages) {
      const { changed, missingIds } = seen.take(message);
      for (const alert of changed) await printChange(alert, options);
      for await (const alert of nowOf(client.alerting, missingIds, signal)) await printChange(alert, options);
    }
  });
}

async function printChange(alert: Alert, { json }: AlertingOptions): Promise<void> {
  if (json) await printJson(alertJson(alert));
  else await printLine(changeInWords(alert));
}

/** Alerts as they are now, as far as they are known; nothing more after the signal. */
async function* nowOf(
  alerting: Alerting,
  alertIds: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Alert> {
  for (const alertId of alertIds) {
    try {
      yield (await alerting.alert(alertId, { signal, maxAttempts: Number.POSITIVE_INFINITY })).alert;
    } catch (error) {
      if (signal.aborted) return;
      if (!isFault(error, 'NOT_FOUND')) throw error;
    }
  }
}
