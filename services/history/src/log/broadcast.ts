import type { NatsConnection } from '@nats-io/nats-core';
import {
  type CommittedEnvelope,
  LogBroadcast,
  type PartitionState,
} from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { logSubject } from '@odograph/event-log/names';

/** Well below the payload limit of NATS, 1 MiB by default, whatever the overhead. */
const MAX_BROADCAST_BYTES = 700 * 1024;

/** How a partition fares, as the broadcast tells it. */
export interface PartitionHealth {
  readonly state: PartitionState;
  readonly streamCreatedAtMs: number;
  readonly freeDiskRatio?: number | undefined;
}

/** Tells those who follow the log what is committed. A lost broadcast is read from the log instead. */
export interface Broadcaster {
  /** Broadcasts envelopes, split under the payload limit; without any it is the sign of life. */
  tell(watermark: number, envelopes: readonly CommittedEnvelope[], health: PartitionHealth): void;
}

export function createBroadcaster(connection: NatsConnection, partition: number): Broadcaster {
  /** Once the connection is closed nothing is told: what is lost is read from the log. */
  function publish(
    watermark: number,
    envelopes: readonly CommittedEnvelope[],
    health: PartitionHealth,
  ): void {
    if (connection.isClosed() || connection.isDraining()) return;
    const broadcast = LogBroadcast.create({ partition, watermark, envelopes: [...envelopes], ...health });
    connection.publish(logSubject(partition), LogBroadcast.encode(broadcast).finish());
  }

  return {
    tell(watermark, envelopes, health) {
      const parts = splitByBytes(envelopes);
      parts.forEach((part, at) => {
        const isLast = at === parts.length - 1;
        publish(isLast ? watermark : (part.at(-1)?.sequence ?? watermark), part, health);
      });
    },
  };
}

/** The committed envelopes of a batch with their links: which sequence came before each. */
export function linkEnvelopes(
  sequences: readonly number[],
  committed: readonly StoredEvent[],
  before: number,
): CommittedEnvelope[] {
  const bySequence = new Map<number, StoredEvent[]>();
  for (const stored of committed) {
    const events = bySequence.get(stored.position.sequence);
    if (events) events.push(stored);
    else bySequence.set(stored.position.sequence, [stored]);
  }
  return sequences.map((sequence, at) => ({
    sequence,
    previousSequence: sequences[at - 1] ?? before,
    events: (bySequence.get(sequence) ?? []).map(({ position, event }) => ({ index: position.index, event })),
  }));
}

function splitByBytes(envelopes: readonly CommittedEnvelope[]): CommittedEnvelope[][] {
  const parts: CommittedEnvelope[][] = [[]];
  let bytes = 0;
  for (const envelope of envelopes) {
    const size = sizeOf(envelope);
    if (bytes > 0 && bytes + size > MAX_BROADCAST_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(envelope);
    bytes += size;
  }
  return parts;
}

/** An upper bound of an envelope's encoded size: its payloads, and a generous head for each event. */
function sizeOf({ events }: CommittedEnvelope): number {
  return events.reduce(
    (sum, { event }) =>
      sum + 128 + (event ? event.payload.length + 3 * (event.subject.length + event.reportId.length) : 0),
    64,
  );
}
