import type { OpenSource } from '@odograph/sources/recorded/open-source';
import { note } from '../terminal/output.ts';
import { startProgressBar } from '../terminal/progress-bar.ts';

/** Shows people the progress of a replay. */
interface Progress {
  show(rows: number): void;
  /** Prints a line on stderr, once no bar is in its way. */
  note(line: string): void;
  end(): void;
}

/** A bar on stderr if that is a terminal, else nothing. It shows bytes read, because the number of rows is not known. */
export function createProgress(
  source: Pick<OpenSource, 'sizeBytes' | 'readBytes'>,
  isWanted: boolean,
): Progress {
  if (!isWanted || !process.stderr.isTTY || source.sizeBytes === undefined) {
    return { show: () => undefined, note, end: () => undefined };
  }
  const lines: string[] = [];
  const startedMs = performance.now();
  const bar = startProgressBar('{bar} {percentage} %  {rows} rows  {rate} rows/s', source.sizeBytes);
  return {
    show: (rows) => {
      const seconds = (performance.now() - startedMs) / 1_000;
      bar.update(source.readBytes(), { rows, rate: Math.round(rows / seconds) });
    },
    note: (line) => void lines.push(line),
    end: () => {
      bar.stop();
      for (const line of lines.splice(0)) note(line);
    },
  };
}
