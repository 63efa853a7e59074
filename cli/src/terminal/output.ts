import { once } from 'node:events';
import { type Fault, isFault } from '@odograph/kernel/fault';
import { visible, visibleLines } from '@odograph/kernel/visible';
import { CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { findingInWords } from './finding-in-words.ts';

/** Prints a line, or several, and waits if the reader is slower. What would control a terminal is shown, not sent. */
export async function printLine(line: string): Promise<void> {
  clearTimeout(waiting);
  if (!process.stdout.write(`${visibleLines(line)}\n`)) await once(process.stdout, 'drain');
}

/** Prints an object as one line of JSON, in which control characters are escaped. */
export function printJson(object: object): Promise<void> {
  return printLine(JSON.stringify(object));
}

/** The characters of a line of the terminal; infinite if the output is none, or if it does not say. */
export function terminalWidth(): number {
  return (process.stdout.isTTY && process.stdout.columns) || Number.POSITIVE_INFINITY;
}

/** Prints a line for people on stderr. */
export function note(line: string): void {
  clearTimeout(waiting);
  process.stderr.write(`${visibleLines(line)}\n`);
}

const SAID_AFTER_MS = 2_000;
let waiting: NodeJS.Timeout | undefined;

/** Says on a terminal what the command waits for, unless it prints something, or waits for something else, within two seconds. */
export function noteWait(line: string): void {
  clearTimeout(waiting);
  if (process.stderr.isTTY) waiting = setTimeout(() => note(line), SAID_AFTER_MS).unref();
}

/** A reader may close the pipe early, as `| head` does: the command then exits without an error. */
export function exitWhenPipeCloses(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The terminal was closed: SIGHUP stops the command in order.
    if (error.code === 'EIO') return;
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.ok);
  });
  // Lines for people may be lost.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EIO' && error.code !== 'EPIPE') throw error;
  });
}

/** Prints the error, for people or as one line of JSON, and returns the exit code. */
export function reportFailure(error: unknown, isJson: boolean): number {
  if (error instanceof CommanderError) return reportUsage(error, isJson);
  if (!isFault(error)) throw error;
  if (isJson)
    note(JSON.stringify({ error: { code: error.code, message: error.message, ...violationsOf(error) } }));
  else note(faultInWords(error, process.argv));
  return exitCodeOf(error.code);
}

/** Commander has already printed the message for people. */
function reportUsage(error: CommanderError, isJson: boolean): number {
  if (error.exitCode === EXIT.ok) return EXIT.ok;
  const message = error.message.replace(/^error: /, '');
  if (isJson) note(JSON.stringify({ error: { code: 'INVALID_INPUT', message } }));
  return EXIT.usage;
}

/** `violations` is the name of the released output, after `google.rpc.BadRequest`. */
function violationsOf({ findings }: Fault): { violations?: Fault['findings'] } {
  return findings.length === 0 ? {} : { violations: findings };
}

/** A fault for people, with its findings, in the words of the arguments that they gave. */
export function faultInWords({ message, findings }: Fault, args: readonly string[]): string {
  const [first] = findings;
  const isOfOne = first && message === `${first.field} ${first.description}`;
  const what = isOfOne ? `${flagOf(first.field, args)} ${first.description}` : message;
  const more = findings
    .filter(({ description }) => !what.includes(description))
    .map((finding) => findingInWords({ ...finding, field: flagOf(finding.field, args) }));
  return [`odograph: ${what}`, ...more.map((words) => `  ${visible(words)}`)].join('\n');
}

/** Flags that are not called as the field of the request. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  after: ['from'],
  subject: ['vehicle'],
  partitions: ['from'],
  severities: ['severity'],
  starts_at_ms: ['from'],
  ends_at_ms: ['to', 'for'],
};

/** Where a request has its conditions. */
const CONDITIONS = /^(?:filter|terms)\./;

/** The flag that was given for a field, such as `--type` for `types[0]`; the field itself if there is none. */
function flagOf(field: string, args: readonly string[]): string {
  const [name = ''] = field.replace(CONDITIONS, '').split(/[.[]/, 1);
  const words = name.replaceAll('_', '-');
  const flags = [words, words.replace(/-ms$/, ''), words.replace(/s$/, ''), ...(OTHER_NAMES[name] ?? [])];
  const given = flags.find((flag) => args.some((arg) => arg.split('=', 1)[0] === `--${flag}`));
  return given === undefined ? field : `--${given}`;
}
