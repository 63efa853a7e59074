import type { OpenSource } from '@odograph/sources/recorded/open-source';
import { SingleBar } from 'cli-progress';
import type { SendTotals } from '../sending/tally.ts';

/** Shows people how far a replay has come. */
export interface Progress {
  show(totals: SendTotals): void;
  end(): void;
}

/** A bar on stderr where that is a terminal, else nothing. It goes by bytes read: how many rows there are nobody knows yet. */
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
    show: ({ sent }) => {
      const seconds = (performance.now() - startedMs) / 1_000;
      bar.update(source.readBytes(), { rows: sent, rate: Math.round(sent / seconds) });
    },
    end: () => bar.stop(),
  };
}
