import { Fault } from '@odograph/kernel/fault';
import type { Mongo } from '@odograph/platform/mongo';
import type { Trouble } from '@odograph/platform/trouble';

/** The free share of MongoDB's disk, asked for every few seconds, which also shows whether MongoDB answers. */
interface FreeDisk {
  /** From 0 to 1; undefined until MongoDB has answered. */
  ratio(): number | undefined;
  /** Why MongoDB has been of no use for this long; undefined if it answered within this time. */
  failsFor(ms: number): string | undefined;
  stop(): void;
}

const INTERVAL_MS = 5_000;
const ANSWER_WITHIN_MS = 2_000;

export function watchFreeDisk(
  { db, asFault }: Pick<Mongo, 'db' | 'asFault'>,
  trouble: Pick<Trouble, 'failed' | 'succeeded' | 'last'>,
): FreeDisk {
  let ratio: number | undefined;
  let answeredAtMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function read(): Promise<void> {
    const late = setTimeout(
      () => trouble.failed(new Fault('UNAVAILABLE', NO_ANSWER)),
      ANSWER_WITHIN_MS,
    ).unref();
    try {
      const { fsUsedSize, fsTotalSize } = await db.command({ dbStats: 1 });
      if (typeof fsUsedSize === 'number' && typeof fsTotalSize === 'number' && fsTotalSize > 0) {
        ratio = 1 - fsUsedSize / fsTotalSize;
      }
      answeredAtMs = performance.now();
      trouble.succeeded();
    } catch (error) {
      trouble.failed(asFault(error));
    }
    clearTimeout(late);
    if (!isStopped) timer = setTimeout(() => void read(), INTERVAL_MS).unref();
  }

  void read();
  return {
    ratio: () => ratio,
    failsFor: (ms) =>
      performance.now() - answeredAtMs < ms ? undefined : (trouble.last?.message ?? NO_ANSWER),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

const NO_ANSWER = `MongoDB has not answered for ${ANSWER_WITHIN_MS} ms`;
