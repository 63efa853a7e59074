import type { Db } from 'mongodb';

/** How much of the disk that MongoDB writes to is free, looked at now and then. */
export interface FreeDisk {
  /** Share from 0 to 1; undefined while MongoDB has not said. */
  ratio(): number | undefined;
  stop(): void;
}

const LOOK_MS = 5_000;

export function watchFreeDisk(database: Db, onTrouble: (error: unknown) => void): FreeDisk {
  let ratio: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function look(): Promise<void> {
    try {
      const { fsUsedSize, fsTotalSize } = await database.command({ dbStats: 1 });
      if (typeof fsUsedSize === 'number' && typeof fsTotalSize === 'number' && fsTotalSize > 0) {
        ratio = 1 - fsUsedSize / fsTotalSize;
      }
    } catch (error) {
      onTrouble(error);
    }
    if (!isStopped) timer = setTimeout(() => void look(), LOOK_MS).unref();
  }

  void look();
  return {
    ratio: () => ratio,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
