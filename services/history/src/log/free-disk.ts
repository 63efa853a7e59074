import type { Db } from 'mongodb';

/** The free share of MongoDB's disk, read every few seconds. */
interface FreeDisk {
  /** From 0 to 1; undefined until MongoDB has answered. */
  ratio(): number | undefined;
  stop(): void;
}

const INTERVAL_MS = 5_000;

export function watchFreeDisk(database: Db, onFailure: (error: unknown) => void): FreeDisk {
  let ratio: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function read(): Promise<void> {
    try {
      const { fsUsedSize, fsTotalSize } = await database.command({ dbStats: 1 });
      if (typeof fsUsedSize === 'number' && typeof fsTotalSize === 'number' && fsTotalSize > 0) {
        ratio = 1 - fsUsedSize / fsTotalSize;
      }
    } catch (error) {
      onFailure(error);
    }
    if (!isStopped) timer = setTimeout(() => void read(), INTERVAL_MS).unref();
  }

  void read();
  return {
    ratio: () => ratio,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
