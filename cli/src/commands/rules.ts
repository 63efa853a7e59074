import type { Client } from '@odograph/client';
import type { RuleChange } from '@odograph/client/generated/odograph/alerting/v1/alert_rules';
import type { DecisionAnswer } from '@odograph/client/registry';
import { Fault } from '@odograph/kernel/fault';
import { isoTime } from '@odograph/kernel/iso-time';
import { formatPosition } from '@odograph/kernel/position';
import { Command } from 'commander';
import { type AppliedRule, applyRule } from '../alerting/apply-rules.ts';
import { type AlertingOptions, withAlerting } from '../alerting/conditions.ts';
import { rulesOfFile } from '../alerting/rule-file.ts';
import { openClient } from '../endpoint.ts';
import { ruleChangeJson, ruleJson } from '../json/rule-json.ts';
import { countArgument, textArgument } from '../terminal/arguments.ts';
import { note, printJson, printLine, terminalWidth } from '../terminal/output.ts';
import { type PersonOptions, personOf, withPerson } from '../terminal/person.ts';
import { textTable } from '../terminal/text-table.ts';

type DecideOptions = AlertingOptions & PersonOptions & { readonly note?: string };
type ApplyOptions = DecideOptions & { readonly dryRun?: boolean };

export function rulesCommand(): Command {
  return new Command('rules')
    .description('list, change and check the rules of alerts')
    .addCommand(withAlerting(new Command('list')).description('print the rules, by name').action(list))
    .addCommand(
      withAlerting(ofRule('show', 'print the document of a rule'))
        .option('--revision <number>', 'as it was then (default: the newest)', countArgument)
        .action(show),
    )
    .addCommand(
      withAlerting(ofRule('history', 'print what was decided about a rule, the newest first')).action(
        history,
      ),
    )
    .addCommand(
      withDecision(ofFile('apply', 'create or revise the rules of a file; rules that it does not have stay'))
        .option('--dry-run', 'only say what would be done')
        .action(apply),
    )
    .addCommand(
      withDecision(ofRule('enable', 'evaluate a rule again')).action((rule: string, options: DecideOptions) =>
        decide(rule, options, ({ alerting }, reason) => alerting.enableRule(rule, reason)),
      ),
    )
    .addCommand(
      withDecision(ofRule('disable', 'evaluate a rule no longer; its alerts end')).action(
        (rule: string, options: DecideOptions) =>
          decide(rule, options, ({ alerting }, reason) => alerting.disableRule(rule, reason)),
      ),
    )
    .addCommand(
      withAlerting(ofFile('check', 'say what is wrong with the rules of a file, and change nothing')).action(
        check,
      ),
    );
}

function ofRule(name: string, description: string): Command {
  return new Command(name).description(description).argument('<name>', 'the rule');
}

function ofFile(name: string, description: string): Command {
  const file = 'one or more rules in YAML behind lines of ---, or - for standard input';
  return new Command(name).description(description).argument('<file>', file);
}

function withDecision(command: Command): Command {
  return withAlerting(withPerson(command).option('--note <text>', 'why', textArgument));
}

async function list(options: AlertingOptions): Promise<void> {
  using client = openClient('alerting', options.endpoint);
  const rows: string[][] = [];
  for await (const rule of client.alerting.rules()) {
    const { name, revision, version, isEnabled } = rule;
    if (options.json) await printJson(ruleJson(rule));
    else rows.push([name, isEnabled ? 'enabled' : 'disabled', String(revision), String(version)]);
  }
  if (rows.length > 0) await printLine(textTable(['rule', 'is', 'revision', 'version'], rows));
  else if (!options.json) note('there is no rule yet: create some with "odograph rules apply"');
}

type ShowOptions = AlertingOptions & { readonly revision?: number };

async function show(name: string, { json, endpoint, revision }: ShowOptions): Promise<void> {
  using client = openClient('alerting', endpoint);
  const rule = await client.alerting.rule(name);
  const isNewest = revision === undefined || revision === rule.revision;
  const document = isNewest ? rule.document : await documentOf(client, name, revision);
  if (json) await printJson({ ...ruleJson(rule), revision: revision ?? rule.revision, document });
  else await printLine(document.trimEnd());
}

async function documentOf(client: Client, name: string, revision: number): Promise<string> {
  const changes = await client.alerting.ruleHistory(name);
  const found = changes.find((change) => change.revision === revision);
  if (found) return found.document;
  const message = `rule ${name} has no revision ${revision} among its last decisions: see odograph rules history ${name}`;
  throw new Fault('NOT_FOUND', message);
}

async function history(name: string, options: AlertingOptions): Promise<void> {
  using client = openClient('alerting', options.endpoint);
  const changes = await client.alerting.ruleHistory(name);
  if (options.json) for (const change of changes) await printJson(ruleChangeJson(change));
  else await printLine(historyTable(changes));
}

function historyTable(changes: readonly RuleChange[]): string {
  const rows = changes.map(({ atMs, type, revision, version, by, note: why }) => [
    ...[isoTime(atMs), type, String(revision), String(version), by, why],
  ]);
  const head = ['when', 'what', 'revision', 'version', 'by', 'note'];
  return textTable(head, rows, { maxWidth: terminalWidth(), yielding: ['version', 'note'] });
}

interface RuleReason {
  readonly by: string;
  readonly note: string | undefined;
}

async function decide(
  rule: string,
  options: DecideOptions,
  call: (client: Client, reason: RuleReason) => Promise<DecisionAnswer>,
): Promise<void> {
  const reason = { by: personOf(options), note: options.note };
  using client = openClient('alerting', options.endpoint);
  const { version, position: at } = await call(client, reason);
  const position = formatPosition(at);
  if (options.json) await printJson({ rule, version, position });
  else await printLine(`${rule} has version ${version}; the decision is in the log at ${position}`);
}

async function check(file: string, options: AlertingOptions): Promise<void> {
  using client = openClient('alerting', options.endpoint);
  const rules = await rulesOfFile(client.alerting, file, { isJson: options.json });
  const names = rules.map(({ rule }) => rule);
  if (options.json) await printJson({ rules: names });
  else await printLine(`nothing is wrong with ${names.join(', ')}`);
}

async function apply(file: string, options: ApplyOptions): Promise<void> {
  const { dryRun: isDryRun = false, json: isJson = false, note: why = '' } = options;
  const by = personOf(options);
  using client = openClient('alerting', options.endpoint);
  const consequence = ': nothing was changed';
  const rules = await rulesOfFile(client.alerting, file, { isJson, consequence });
  let done = 0;
  try {
    for (const rule of rules) {
      const applied = await applyRule(client.alerting, rule, { by, note: why, isDryRun });
      if (isJson) await printJson({ ...applied, dry_run: isDryRun });
      else await printLine(appliedInWords(applied));
      done += 1;
    }
  } catch (error) {
    if (!isJson && done > 0)
      note(`${done} of ${rules.length} rules were done by then; apply the file again for the others`);
    throw error;
  }
  if (isDryRun && !isJson) note('dry run: nothing was changed');
}

function appliedInWords({ rule, action, version, enabled: isEnabled }: AppliedRule): string {
  const disabled = isEnabled ? '' : `, disabled: odograph rules enable ${rule}`;
  return `${action.padEnd(9)}  ${rule}${version > 0 ? `, version ${version}` : ''}${disabled}`;
}
