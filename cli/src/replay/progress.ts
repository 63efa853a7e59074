import type { OpenSource } from '@odograph/sources/recorded/open-source';
import { SingleBar } from 'cli-progress';

/** Shows people the progress of a replay. */
interface Progress {
  show(rows: number): void;
  end(): void;
}

/** A bar on stderr if that is a terminal, else nothing. It shows bytes read, because the number of rows is not known. */
export function createProgress(source: OpenSource): Progress {
  if (!process.stderr.isTTY || source.sizeBytes === undefined) {
    return { show: () => undefined, end: () => undefined };
  }
  const startedMs = performance.now();
  const bar = new SingleBar({
    format: '{bar} {percentage} %  {rows} rows  {rate} rows/s',
    stream: process.stderr,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false,
  });
  bar.start(source.sizeBytes, 0, { rows: 0, rate: 0 });
  return {
    show: (rows) => {
      const seconds = (performance.now() - startedMs) / 1_000;
      bar.update(source.readBytes(), { rows, rate: Math.round(rows / seconds) });
    },
    end: () => bar.stop(),
  };
}
