import { pino } from 'pino';

type Write = (fields: object, message: string) => void;

/** Writes what happened: the facts as fields, the message a constant that can be searched for. An error goes under `err`. */
export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  /** A logger that adds these fields to every line. */
  child(fields: Record<string, unknown>): Logger;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one JSON object a line to stderr: stdout is for the answers of a program. */
export function createLogger(service: string, level: LogLevel = 'info'): Logger {
  const options = {
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: plainError },
  };
  // Synchronous, so that the last line before an exit is on its way.
  return pino(options, pino.destination({ fd: 2, sync: true }));
}

/** Pino puts the messages of all causes into the message; they are in the stack already. */
function plainError(err: unknown): unknown {
  return err instanceof Error ? { ...pino.stdSerializers.err(err), message: err.message } : err;
}

export const silentLogger: Logger = pino({ level: 'silent' });
