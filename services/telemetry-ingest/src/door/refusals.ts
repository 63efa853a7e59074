import type {
  PartitionIntake,
  Refusal,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { EventPublisher } from '@odograph/event-log/publisher';
import type { Clock } from '@odograph/kernel/clock';
import type { TelemetryRoom } from './room.ts';

/** What is refused now. */
interface Refused {
  readonly partitions: readonly PartitionIntake[];
  /** Why every report is refused; undefined if some are taken. */
  readonly refusal: Refusal | undefined;
}

interface RefusalsDeps {
  readonly publisher: Pick<EventPublisher, 'partitionCount' | 'roomIn' | 'refusal'>;
  readonly room: Pick<TelemetryRoom, 'faultIn'>;
  readonly clock: Clock;
}

/** Says what is refused, why and since when. Look every second, because a lack of room counts from the first look on. */
export function createRefusals({ publisher, room, clock }: RefusalsDeps): { look(): Refused } {
  const fullSinceMs = new Map<number, number>();

  function refusalIn(partition: number): Refusal | undefined {
    const nowMs = clock.now();
    const full = room.faultIn(partition);
    if (!full) fullSinceMs.delete(partition);
    else if (!fullSinceMs.has(partition)) fullSinceMs.set(partition, nowMs);
    const closed = publisher.refusal(partition);
    if (closed) return { reason: closed.reason, sinceMs: Math.round(nowMs - closed.forMs), limit: '' };
    return (
      full && { reason: full.message, sinceMs: fullSinceMs.get(partition) ?? nowMs, limit: full.limitName }
    );
  }

  return {
    look() {
      const count = publisher.partitionCount();
      if (count === undefined) return { partitions: [], refusal: refusalIn(0) };
      const partitions = Array.from({ length: count }, (_, partition) => {
        return { partition, refusal: refusalIn(partition), ...publisher.roomIn(partition) };
      });
      const refusals = partitions.flatMap(({ refusal }) => refusal ?? []);
      const isOpen = refusals.length < partitions.length;
      return { partitions, refusal: isOpen ? undefined : latest(refusals) };
    },
  };
}

/** Everything is refused since the last partition is. */
function latest(refusals: readonly Refusal[]): Refusal | undefined {
  return refusals.toSorted((a, b) => b.sinceMs - a.sinceMs)[0];
}
