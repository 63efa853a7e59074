import { Fault } from '@odograph/kernel/fault';
import { visible } from '@odograph/kernel/visible';
import * as v from 'valibot';
import { lastLines } from './log-file.ts';
import { parseOwn } from './own-json.ts';
import type { OwnedProcess } from './owned-process.ts';

const SHOWN_LINES = 3;
const SEARCHED_LINES = 200;
const MAX_SHOWN_CHARS = 300;

/** What a process has written into its log. */
export type ProcessLog = Pick<OwnedProcess, 'pid' | 'logFile' | 'logFrom'>;

/** A process failed. The headline is one line, with its last error; the message has the last lines of its log instead. */
export class ProcessFault extends Fault {
  readonly headline: string;
  /** Set if the process has ended itself. */
  readonly exitCode: number | undefined;

  constructor(what: string, log: ProcessLog, exitCode?: number | null) {
    const lines = lastLines(log.logFile, SEARCHED_LINES, log.logFrom);
    const said = lines.flatMap((line) => sayingOf(line, log) ?? []);
    super('UNAVAILABLE', withLastLines(what, log, lines.length === 0, said));
    const error = said.findLast(({ isError }) => isError);
    this.headline = error ? `${what}: ${error.text}` : what;
    this.exitCode = exitCode ?? undefined;
  }
}

function withLastLines(
  what: string,
  { logFile }: ProcessLog,
  isSilent: boolean,
  said: readonly Saying[],
): string {
  if (isSilent) return `${what}; it has written nothing to ${logFile}`;
  if (said.length === 0) return `${what}; ${logFile} has no error of it`;
  const shown = said.slice(-SHOWN_LINES).map(({ at, text }) => `${at}${text}`);
  return [`${what}; the last lines of ${logFile}:`, ...shown].join('\n  ');
}

/** A line of a log for people, without a stack and without anything that controls a terminal. */
interface Saying {
  /** Its time with a space, or empty. */
  readonly at: string;
  readonly text: string;
  readonly isError: boolean;
}

/** A warning or an error of a service. */
const serviceLine = v.object({
  level: v.picklist(['warn', 'error']),
  time: v.string(),
  pid: v.number(),
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

/** Undefined if the line says nothing about a failure, or is of another process. */
function sayingOf(line: string, { pid }: ProcessLog): Saying | undefined {
  if (/^\s+at /.test(line)) return undefined;
  const saying = line.startsWith('{') ? inJson(line, pid) : inText(line);
  if (!saying) return undefined;
  const { at, text } = saying;
  return { ...saying, at: visible(at), text: visible(text.slice(0, MAX_SHOWN_CHARS)) };
}

/** NATS writes `[pid] date time [ERR] text`. */
function inText(line: string): Saying | undefined {
  const [, at, level, text] = /^\[\d+\] (\S+ \S+ )\[([A-Z]+)\] (.*)$/.exec(line) ?? [];
  if (at === undefined) return { at: '', text: line, isError: false };
  if (level !== 'WRN' && level !== 'ERR' && level !== 'FTL') return undefined;
  return { at, text: `${level}: ${text}`, isError: level !== 'WRN' };
}

function inJson(line: string, pid: number): Saying | undefined {
  const ours = parseOwn(serviceLine, line);
  if (ours) {
    const text = [`${ours.level}: ${ours.msg}`, ours.err?.message].filter(Boolean).join(': ');
    return ours.pid === pid ? { at: `${ours.time} `, text, isError: ours.level === 'error' } : undefined;
  }
  const mongo = parseOwn(mongoLine, line);
  return (
    mongo && {
      at: `${mongo.t.$date} `,
      text: `${mongo.s}: ${mongo.msg.trim()}${mongoReason(mongo.attr)}`,
      isError: mongo.s !== 'W',
    }
  );
}

/** Where MongoDB, and its storage engine, say what went wrong among values for programs. */
const mongoReasons = v.union([
  v.pipe(
    v.object({ message: v.object({ error_str: v.string(), msg: v.string() }) }),
    v.transform(({ message: { error_str, msg } }) => `${error_str}: ${msg}`),
  ),
  v.pipe(
    v.object({ error: v.object({ errmsg: v.string() }) }),
    v.transform(({ error }) => error.errmsg),
  ),
  v.pipe(
    v.object({ error: v.string() }),
    v.transform(({ error }) => error),
  ),
  v.pipe(
    v.object({ message: v.string() }),
    v.transform(({ message }) => message),
  ),
]);

/** The reason in the attributes of a line, or else all of them; the last lines of a log are read by people. */
function mongoReason(attr: unknown): string {
  if (attr === undefined) return '';
  const reason = v.safeParse(mongoReasons, attr);
  return reason.success ? `: ${reason.output.trim().split('\n')[0]}` : ` ${JSON.stringify(attr)}`;
}
