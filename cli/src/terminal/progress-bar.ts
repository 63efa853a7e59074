import { SingleBar } from 'cli-progress';

/** A bar on stderr. */
export interface ProgressBar {
  /** What is done, of the total, and what the format names. */
  update(done: number, named: Readonly<Record<string, number>>): void;
  stop(): void;
}

/** @param format such as `{bar} {percentage} %  {rows} rows` */
export function startProgressBar(format: string, total: number): ProgressBar {
  const bar = new SingleBar({
    ...{ format, stream: process.stderr, barCompleteChar: '█', barIncompleteChar: '░' },
    ...{ clearOnComplete: true, hideCursor: true, gracefulExit: false },
  });
  bar.start(total, 0, { rows: 0, events: 0, rate: 0 });
  return { update: (done, named) => bar.update(done, named), stop: () => bar.stop() };
}
