import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { isFault } from '@odograph/kernel/fault';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import type { AcknowledgedBatch } from './door-load.ts';

/** Asks now and then for what was acknowledged a moment ago, as a sender does that reads its own writes. */
export interface VisibleProbe {
  /** Asks for the batch's last report unless it has just asked for another. */
  acknowledged(batch: AcknowledgedBatch): void;
  stop(): Promise<void>;
}

/** A query costs history as much as tens of reports: few enough not to be what is measured. */
const EVERY_MS = 25;

/**
 * @param onVisible is told how long after its acknowledgement an answer had the report, in milliseconds; where none had it
 *   before the deadline, how long that was.
 */
export function createVisibleProbe(endpoint: string, onVisible: (ms: number) => void): VisibleProbe {
  const client = createGrpcClient(VehicleHistoryClient, endpoint);
  const asking = new Set<Promise<void>>();
  const stopping = new AbortController();
  let lastAtMs = 0;

  async function ask({ positions, lastVehicleId: vehicleId }: AcknowledgedBatch): Promise<void> {
    const atLeast = positions.at(-1);
    const startMs = performance.now();
    try {
      await callUnary(
        client.getStatus,
        { vehicleId, ...(atLeast && { atLeast }) },
        { signal: stopping.signal },
      );
    } catch (error) {
      if (!isFault(error, 'DEADLINE', 'CANCELLED')) throw error;
    }
    onVisible(performance.now() - startMs);
  }

  return {
    acknowledged(batch) {
      if (performance.now() - lastAtMs < EVERY_MS) return;
      lastAtMs = performance.now();
      const answer = ask(batch).finally(() => asking.delete(answer));
      asking.add(answer);
    },
    async stop() {
      stopping.abort();
      await Promise.all(asking);
      client.close();
    },
  };
}
