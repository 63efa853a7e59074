import { visibleLines } from '@odograph/kernel/visible';
import { pino } from 'pino';

type Write = (fields: object, message: string) => void;

/** Writes what happened: the facts as fields, and a constant message that can be searched for. An error is the field `err`. */
export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** Of lines that cannot be written, more than this are dropped. */
const MAX_KEPT_BYTES = 1024 ** 2;

/** Writes one JSON object a line to stderr. A program uses stdout for its answers. */
export function createLogger(service: string, level: LogLevel): Logger {
  const options = {
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: plainError },
    // JSON does not escape all that controls a terminal, and a log is read on one.
    hooks: { streamWrite: visibleLines },
  };
  // Synchronous, so that the last line before an exit is written.
  const destination = pino.destination({ fd: 2, sync: true, maxLength: MAX_KEPT_BYTES });
  // On a full disk the lines are kept and written with the next one that has room: the process goes on.
  destination.on('error', () => undefined);
  return pino(options, destination);
}

/** Pino adds the messages of all causes to the message, although the stack contains them. */
function plainError(err: unknown): unknown {
  return err instanceof Error ? { ...pino.stdSerializers.err(err), message: err.message } : err;
}

export const silentLogger: Logger = pino({ level: 'silent' });
