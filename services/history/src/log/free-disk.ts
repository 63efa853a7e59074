import { Fault } from '@odograph/kernel/fault';
import type { Trouble } from '@odograph/platform/trouble';
import type { Db } from 'mongodb';

/** The free share of MongoDB's disk, asked for every few seconds, which also shows whether MongoDB answers. */
interface FreeDisk {
  /** From 0 to 1; undefined until MongoDB has answered. */
  ratio(): number | undefined;
  /** How long ago MongoDB answered last, in milliseconds. */
  silentMs(): number;
  stop(): void;
}

const INTERVAL_MS = 5_000;
const ANSWER_WITHIN_MS = 2_000;

export function watchFreeDisk(database: Db, trouble: Pick<Trouble, 'failed' | 'succeeded'>): FreeDisk {
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
      const { fsUsedSize, fsTotalSize } = await database.command({ dbStats: 1 });
      if (typeof fsUsedSize === 'number' && typeof fsTotalSize === 'number' && fsTotalSize > 0) {
        ratio = 1 - fsUsedSize / fsTotalSize;
      }
      answeredAtMs = performance.now();
      trouble.succeeded();
    } catch (error) {
      trouble.failed(error);
    }
    clearTimeout(late);
    if (!isStopped) timer = setTimeout(() => void read(), INTERVAL_MS).unref();
  }

  void read();
  return {
    ratio: () => ratio,
    silentMs: () => performance.now() - answeredAtMs,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

const NO_ANSWER = `MongoDB has not answered for ${ANSWER_WITHIN_MS} ms`;
