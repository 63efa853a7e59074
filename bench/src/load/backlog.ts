import { createClient } from '@odograph/client';
import { pause } from '@odograph/kernel/clock';
import type { Position } from '@odograph/kernel/position';

/** The reports that are acknowledged and not visible in the read models yet, by the positions that history returns. */
interface Backlog {
  acknowledged(positions: readonly Position[]): void;
  /** The number of reports that are not visible yet. */
  size(): number;
  stop(): Promise<void>;
}

/** Each poll is a query, which costs history time. */
const POLL_MS = 100;

/**
 * Polls the position that history's read models have reached.
 * @param onVisible is called with the number of reports that became visible.
 */
export function watchBacklog(endpoint: string, onVisible: (reports: number) => void): Backlog {
  const client = createClient({ history: endpoint, maxAttempts: 1 });
  const stopping = new AbortController();
  /** Reports that are not visible, by partition and sequence. */
  const waiting = new Map<number, Map<number, number>>();
  let size = 0;

  function reached({ partition, sequence }: Position): void {
    const own = waiting.get(partition);
    if (!own) return;
    // The order of insertion is nearly that of the sequences, so the loop can end at the first one that is not visible.
    for (const [at, count] of own) {
      if (at > sequence) break;
      own.delete(at);
      size -= count;
      onVisible(count);
    }
  }

  async function poll(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const position of (await client.statusPage({ pageSize: 1 })).positions) reached(position);
      await pause(POLL_MS, stopping.signal);
    }
  }

  const polling = poll();
  return {
    acknowledged(positions) {
      for (const { partition, sequence } of positions) {
        const own = waiting.get(partition) ?? new Map<number, number>();
        waiting.set(partition, own.set(sequence, (own.get(sequence) ?? 0) + 1));
      }
      size += positions.length;
    },
    size: () => size,
    async stop() {
      stopping.abort();
      await polling;
      client.close();
    },
  };
}
