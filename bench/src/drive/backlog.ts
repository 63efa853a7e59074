import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { pause } from '@odograph/kernel/clock';
import type { Position } from '@odograph/kernel/position';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';

/** What is acknowledged and cannot be seen in the views yet, by the positions that the views themselves say. */
export interface Backlog {
  acknowledged(positions: readonly Position[]): void;
  /** Reports that are not visible yet. */
  size(): number;
  /** Reports that became visible. */
  visible(): number;
  stop(): Promise<void>;
}

/** Each look is a query that history has to answer beside its work. */
const LOOK_MS = 100;

/** Looks every so often how far history's views have come. */
export function watchBacklog(endpoint: string): Backlog {
  const client = createGrpcClient(VehicleHistoryClient, endpoint);
  const stopping = new AbortController();
  /** Reports by partition and sequence, those that are visible left out. */
  const waiting = new Map<number, Map<number, number>>();
  let size = 0;
  let visible = 0;

  function reached({ partition, sequence }: Position): void {
    const own = waiting.get(partition);
    if (!own) return;
    // In order of insertion, and that is nearly the order of sequences: the first that is not there yet ends the look.
    for (const [at, count] of own) {
      if (at > sequence) break;
      own.delete(at);
      size -= count;
      visible += count;
    }
  }

  async function look(): Promise<void> {
    while (!stopping.signal.aborted) {
      const request = { fleet: '', pageSize: 1, pageToken: '', atLeast: [] };
      for (const position of (await callUnary(client.listStatus, request)).positions) reached(position);
      await pause(LOOK_MS, stopping.signal);
    }
  }

  const looking = look();
  return {
    acknowledged(positions) {
      for (const { partition, sequence } of positions) {
        const own = waiting.get(partition) ?? new Map<number, number>();
        waiting.set(partition, own.set(sequence, (own.get(sequence) ?? 0) + 1));
      }
      size += positions.length;
    },
    size: () => size,
    visible: () => visible,
    async stop() {
      stopping.abort();
      await looking;
      client.close();
    },
  };
}
