import { once } from 'node:events';
import { type Fault, isFault } from '@odograph/kernel/fault';
import { CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { findingInWords } from './finding-in-words.ts';
import { visible, visibleLines } from './visible.ts';

/** Prints a line, or several, and waits if the reader is slower. What would control a terminal is shown, not sent. */
export async function printLine(line: string): Promise<void> {
  if (!process.stdout.write(`${visibleLines(line)}\n`)) await once(process.stdout, 'drain');
}

/** Prints an object as one line of JSON, in which control characters are escaped. */
export function printJson(object: object): Promise<void> {
  return printLine(JSON.stringify(object));
}

/** Prints a line for people on stderr. */
export function note(line: string): void {
  process.stderr.write(`${visibleLines(line)}\n`);
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
  else note(faultInWords(error));
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

/** A fault for people, with its findings. */
export function faultInWords(fault: Fault): string {
  // The message of one finding often has its words.
  const more = fault.findings
    .filter(({ description }) => !fault.message.includes(description))
    .map((finding) => `  ${visible(findingInWords(finding))}`);
  return [`odograph: ${fault.message}`, ...more].join('\n');
}
