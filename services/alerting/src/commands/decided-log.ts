import type { Client } from '@odograph/client';
import { comparePositions } from '@odograph/kernel/position';
import type { DecidedLog } from './decisions.ts';

/** What decisions ask the log, through history. */
export function decidedLog(client: Pick<Client, 'watermarks' | 'readLog'>): DecidedLog {
  return {
    async watermark(partition) {
      const found = (await client.watermarks({})).find((position) => position.partition === partition);
      return found ?? { partition, sequence: 0 };
    },
    async whyLeftOut({ subject }, position) {
      const { partition, sequence } = position;
      const after = [{ partition, sequence: sequence - 1 }];
      for await (const logged of client.readLog({ partitions: [partition], after, subject, limit: 100 }))
        if (comparePositions(logged.position, position) === 0) return undefined;
      // One whose version another one has is in the folded state; so this one has an id that was used long ago.
      return 'duplicate';
    },
  };
}
