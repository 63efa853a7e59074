import { createClient } from '@odograph/client';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';

/** Reads acknowledged reports back, as a client that reads its own writes. */
interface VisibleProbe {
  /** Asks for the report at the position, unless the last query was a moment ago. */
  acknowledged(vehicleId: string, position: Position): void;
  stop(): Promise<void>;
}

/** A query costs history as much as tens of reports, so that more of them would change the result. */
const EVERY_MS = 25;

/** @param onVisible is called with the time from acknowledgement to answer in milliseconds, or to the deadline. */
export function createVisibleProbe(endpoint: string, onVisible: (ms: number) => void): VisibleProbe {
  const client = createClient({ history: endpoint, maxAttempts: 1 });
  const asking = new Set<Promise<void>>();
  const stopping = new AbortController();
  let lastAtMs = 0;

  async function ask(vehicleId: string, atLeast: Position): Promise<void> {
    const startMs = performance.now();
    try {
      await client.status(vehicleId, { atLeast, signal: stopping.signal });
    } catch (error) {
      if (!isFault(error, 'DEADLINE', 'CANCELLED')) throw error;
    }
    onVisible(performance.now() - startMs);
  }

  return {
    acknowledged(vehicleId, position) {
      if (performance.now() - lastAtMs < EVERY_MS) return;
      lastAtMs = performance.now();
      const answer = ask(vehicleId, position).finally(() => asking.delete(answer));
      asking.add(answer);
    },
    async stop() {
      stopping.abort();
      await Promise.all(asking);
      client.close();
    },
  };
}
