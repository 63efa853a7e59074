import { Fault } from '@odograph/kernel/fault';
import * as v from 'valibot';
import { lastLines } from './log-file.ts';
import { parseOwn } from './own-json.ts';

const SHOWN_LINES = 3;
const SEARCHED_LINES = 200;
const MAX_SHOWN_CHARS = 300;

/** A process failed. The headline is one line; the message adds what the last lines of its log say. */
export class ProcessFault extends Fault {
  readonly headline: string;
  /** Set if the process has ended itself. */
  readonly exitCode: number | undefined;

  constructor(headline: string, logFile: string, exitCode?: number | null) {
    super('UNAVAILABLE', withLastLines(headline, logFile));
    this.headline = headline;
    this.exitCode = exitCode ?? undefined;
  }
}

function withLastLines(headline: string, logFile: string): string {
  const lines = lastLines(logFile, SEARCHED_LINES);
  if (lines.length === 0) return `${headline}; ${logFile} is empty`;
  const shown = lines.flatMap((line) => inWords(line) ?? []).slice(-SHOWN_LINES);
  if (shown.length === 0) return `${headline}; ${logFile} has no error`;
  return [`${headline}; the last lines of ${logFile}:`, ...shown].join('\n  ');
}

/** A warning or an error of a service. */
const serviceLine = v.object({
  level: v.picklist(['warn', 'error']),
  time: v.string(),
  msg: v.string(),
  err: v.optional(v.object({ message: v.string() })),
});

/** A warning, an error or the end of MongoDB. */
const mongoLine = v.object({
  s: v.picklist(['W', 'E', 'F']),
  t: v.object({ $date: v.string() }),
  msg: v.string(),
  attr: v.optional(v.unknown()),
});

/** A line of a log for people, without stacks; undefined if it says nothing about a failure. */
function inWords(line: string): string | undefined {
  if (/^\s+at /.test(line)) return undefined;
  return shownOf(line)?.slice(0, MAX_SHOWN_CHARS);
}

function shownOf(line: string): string | undefined {
  if (!line.startsWith('{')) return line;
  const ours = parseOwn(serviceLine, line);
  if (ours) return [`${ours.time} ${ours.level}: ${ours.msg}`, ours.err?.message].filter(Boolean).join(': ');
  const mongo = parseOwn(mongoLine, line);
  const attributes = mongo?.attr === undefined ? '' : ` ${JSON.stringify(mongo.attr)}`;
  return mongo && `${mongo.t.$date} ${mongo.s}: ${mongo.msg.trim()}${attributes}`;
}
