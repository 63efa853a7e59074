import { Fault } from '@odograph/kernel/fault';
import { lastLines } from './log-file.ts';

const SHOWN_LINES = 12;

/** A process failed. The headline is one line; the message adds the last lines of its log. */
export class ProcessFault extends Fault {
  readonly headline: string;

  constructor(headline: string, logFile: string) {
    super('UNAVAILABLE', withLastLines(headline, logFile));
    this.headline = headline;
  }
}

function withLastLines(headline: string, logFile: string): string {
  const lines = lastLines(logFile, SHOWN_LINES);
  if (lines.length === 0) return `${headline}; ${logFile} is empty`;
  return [`${headline}; the last lines of ${logFile}:`, ...lines].join('\n  ');
}
