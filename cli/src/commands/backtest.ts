import type { Client } from '@odograph/client';
import type { BacktestResult } from '@odograph/client/generated/odograph/alerting/v1/alert_rules';
import { Fault, isFault } from '@odograph/kernel/fault';
import { Command, Option } from 'commander';
import { backtestReport } from '../alerting/backtest-report.ts';
import { type AlertingOptions, withAlerting } from '../alerting/conditions.ts';
import { type FileRule, nameOf, rulesOfFile } from '../alerting/rule-file.ts';
import { openClient } from '../endpoint.ts';
import { backtestJson } from '../json/backtest-json.ts';
import { countArgument, textArgument } from '../terminal/arguments.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { printJson, printLine, terminalWidth } from '../terminal/output.ts';
import { type ProgressBar, startProgressBar } from '../terminal/progress-bar.ts';
import { assertRange, timeArgument } from '../terminal/time-argument.ts';

interface BacktestOptions extends AlertingOptions {
  readonly from: number;
  readonly to: number;
  readonly compare?: string | true;
  readonly maxEvents?: number;
  readonly stateHashes?: boolean;
}

export function backtestCommand(): Command {
  return withAlerting(new Command('backtest'))
    .description('say what a rule would have done with a part of the log, and change nothing')
    .argument('<file>', 'one rule in YAML, or - for standard input; it need not be applied')
    .requiredOption(
      '--from <time>',
      'from this time on: ISO 8601, a date, now, or -5m, -1h, -2d',
      timeArgument,
    )
    .addOption(
      new Option('--to <time>', 'before this time, in the same forms')
        .argParser(timeArgument)
        .default(Date.now(), 'now'),
    )
    .option('--compare [file]', 'with the rule as it is applied, or as another file has it', textArgument)
    .option('--max-events <count>', 'read at most this many events (default: 10,000,000)', countArgument)
    .option('--state-hashes', 'with --json, also the hashes of the states at the end')
    .action(backtest);
}

async function backtest(file: string, options: BacktestOptions): Promise<void> {
  assertRange(options);
  const { from: fromMs, to: toMs, json: isJson = false, maxEvents, compare } = options;
  const withStateHashes = options.stateHashes;
  using client = openClient('alerting', options.endpoint);
  const { rule, document } = await oneRuleOf(file, client, isJson);
  const other = compare === undefined ? undefined : await otherRevision(rule, compare, client, isJson);
  const asked = { fromMs, toMs, maxEvents, withStateHashes, otherDocument: other?.document };
  const { events, result } = await untilInterrupted((signal) => run(client, document, { ...asked, signal }));
  const told = { rule, fromMs, toMs, events, result, comparedWith: other?.name };
  if (isJson) await printJson(backtestJson(told));
  else await printLine(backtestReport(told, terminalWidth()));
}

/** Prints what is wrong with the file, and throws a Fault INVALID_INPUT, unless it has one rule. */
async function oneRuleOf(file: string, { alerting }: Client, isJson: boolean): Promise<FileRule> {
  const rules = await rulesOfFile(alerting, file, { isJson });
  const [first] = rules;
  if (first && rules.length === 1) return first;
  const names = rules.map(({ rule }) => rule).join(', ');
  throw new Fault(
    'INVALID_INPUT',
    `${nameOf(file)} has ${rules.length} rules (${names}): give a file with one`,
  );
}

interface OtherRevision {
  /** For people. */
  readonly name: string;
  readonly document: string;
}

async function otherRevision(
  rule: string,
  compare: string | true,
  client: Client,
  isJson: boolean,
): Promise<OtherRevision> {
  if (compare !== true) {
    const { document } = await oneRuleOf(compare, client, isJson);
    return { name: nameOf(compare), document };
  }
  try {
    const { revision, document } = await client.alerting.rule(rule);
    return { name: `revision ${revision}`, document };
  } catch (error) {
    if (!isFault(error, 'NOT_FOUND')) throw error;
    const message = `rule ${rule} is not applied, so there is nothing to compare with: give --compare a file`;
    throw new Fault('NOT_FOUND', message, { cause: error });
  }
}

interface Ran {
  readonly events: number;
  readonly result: BacktestResult;
}

async function run(
  client: Client,
  document: string,
  asked: Parameters<Client['alerting']['backtest']>[1],
): Promise<Ran> {
  const startedMs = performance.now();
  const bar = process.stderr.isTTY ? startProgressBar(FORMAT, 1) : NO_BAR;
  try {
    for await (const { share, events, result } of client.alerting.backtest(document, asked)) {
      if (result) return { events, result };
      const seconds = (performance.now() - startedMs) / 1_000;
      bar.update(share, { events, rate: Math.round(events / seconds) });
    }
  } finally {
    bar.stop();
  }
  throw new Fault('UNAVAILABLE', 'alerting ended the backtest without a result: try again');
}

const FORMAT = '{bar} {percentage} %  {events} events  {rate} events/s';
const NO_BAR: ProgressBar = { update: () => undefined, stop: () => undefined };
