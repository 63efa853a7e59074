import { Fault } from '@odograph/kernel/fault';
import { Command, Option } from 'commander';
import { type AlertingOptions, withAlerting } from '../alerting/conditions.ts';
import { deadLettersTable } from '../alerting/dead-letter-table.ts';
import { openClient } from '../endpoint.ts';
import { deadLetterJson } from '../json/dead-letter-json.ts';
import { textArgument } from '../terminal/arguments.ts';
import { note, printJson, printLine, terminalWidth } from '../terminal/output.ts';

type ListOptions = AlertingOptions & { readonly receiver?: string };
type ReplayOptions = AlertingOptions & { readonly allOf?: string };

export function deadletterCommand(): Command {
  return new Command('deadletter')
    .description('list and replay messages about alerts that did not reach their receivers')
    .addCommand(
      withAlerting(new Command('list'))
        .description('print what is not tried any more, the newest first')
        .option('--receiver <name>', 'only of this receiver', textArgument)
        .action(list),
    )
    .addCommand(
      withAlerting(new Command('replay'))
        .description('send dead letters again, and what follows them after them')
        .argument('[ids...]', 'their ids')
        .addOption(
          new Option('--all-of <receiver>', 'the newest 100 of this receiver').argParser(textArgument),
        )
        .action(replay),
    );
}

async function list({ endpoint, json, receiver }: ListOptions): Promise<void> {
  using client = openClient('alerting', endpoint);
  const letters = [];
  for await (const letter of client.alerting.deadLetters({ receiver })) {
    if (json) await printJson(deadLetterJson(letter));
    else letters.push(deadLetterJson(letter));
  }
  if (letters.length > 0) await printLine(deadLettersTable(letters, terminalWidth()));
  else if (!json) note('there are no dead letters');
}

async function replay(ids: readonly string[], { endpoint, json, allOf }: ReplayOptions): Promise<void> {
  if ((ids.length === 0) === (allOf === undefined))
    throw new Fault('INVALID_INPUT', 'give ids of dead letters, or --all-of with a receiver');
  using client = openClient('alerting', endpoint);
  const which = allOf === undefined ? { ids } : { receiver: allOf };
  const { replayed, notFound } = await client.alerting.replayDeadLetters(which);
  if (json) await printJson({ replayed, not_found: notFound });
  else
    await printLine(
      replayed.length === 1
        ? '1 dead letter is sent again'
        : `${replayed.length} dead letters are sent again`,
    );
  if (notFound.length === 0) return;
  const message = `unknown, or sent again already: ${notFound.join(', ')}; see odograph deadletter list`;
  throw new Fault('NOT_FOUND', message);
}
