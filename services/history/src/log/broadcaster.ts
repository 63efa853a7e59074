import type { NatsConnection } from '@nats-io/nats-core';
import {
  type Broadcast,
  type BroadcastEnvelope,
  encodeBroadcast,
  type PartitionHealth,
} from '@odograph/event-log/broadcast';
import { listenToLog } from '@odograph/event-log/listen-to-log';
import { logSubject } from '@odograph/event-log/nats-subjects';
import { unpackedLength } from '@odograph/event-log/packed-envelope';
import type { LogListener } from '@odograph/event-log/subscribe';

/** Leaves room for the overhead below the payload limit of NATS, which is 1 MiB by default. */
const MAX_BROADCAST_BYTES = 700 * 1024;

/** Sends committed envelopes to the followers of the log. A follower that misses a broadcast reads the log instead. */
export interface Broadcaster {
  /** Sends envelopes, split below the payload limit. Without envelopes it is a heartbeat. */
  send(watermark: number, envelopes: readonly BroadcastEnvelope[], health: PartitionHealth): void;
}

/** Sends and receives broadcasts. */
interface LiveLog {
  broadcaster(partition: number): Broadcaster;
  readonly listen: LogListener;
}

/**
 * Sends broadcasts over NATS to other processes, and directly to the followers in this process, which saves decoding them.
 * The connection must have echo switched off, or followers in this process receive every broadcast twice.
 */
export function openLiveLog(connection: NatsConnection): LiveLog {
  const listeners = new Map<number, Set<Parameters<LogListener>[1]>>();

  function listenersOf(partition: number) {
    const own = listeners.get(partition) ?? new Set();
    listeners.set(partition, own);
    return own;
  }

  /** Sends nothing on a closed connection: followers read the log instead. */
  function publish(broadcast: Broadcast): void {
    if (connection.isClosed() || connection.isDraining()) return;
    const bytes = encodeBroadcast(broadcast);
    connection.publish(logSubject(broadcast.partition), bytes);
    const opened = broadcast.envelopes.reduce((sum, envelope) => sum + unpackedLength(envelope.bytes), 0);
    for (const listener of listenersOf(broadcast.partition)) listener(broadcast, bytes.length + opened);
  }

  return {
    broadcaster: (partition) => ({
      send(watermark, envelopes, health) {
        const parts = splitByBytes(envelopes);
        parts.forEach((part, at) => {
          const isLast = at === parts.length - 1;
          const reached = isLast ? watermark : (part.at(-1)?.sequence ?? watermark);
          publish({ ...health, partition, watermark: reached, envelopes: part });
        });
      },
    }),
    listen(partition, onBroadcast) {
      const own = listenersOf(partition).add(onBroadcast);
      const stopListening = listenToLog(connection, partition, onBroadcast);
      return () => {
        own.delete(onBroadcast);
        stopListening();
      };
    },
  };
}

/**
 * Parts that each fit a message. An envelope that is too large alone is left out: the next broadcast, or the watermark of
 * this one, shows followers the gap, and they read it from the log.
 */
function splitByBytes(envelopes: readonly BroadcastEnvelope[]): BroadcastEnvelope[][] {
  const parts: BroadcastEnvelope[][] = [[]];
  let bytes = 0;
  for (const envelope of envelopes) {
    const size = sizeOf(envelope);
    if (size > MAX_BROADCAST_BYTES) continue;
    if (bytes > 0 && bytes + size > MAX_BROADCAST_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(envelope);
    bytes += size;
  }
  return parts;
}

/** An upper bound of an envelope's encoded size. */
export function sizeOf({ bytes, fates }: BroadcastEnvelope): number {
  return fates.reduce(
    (sum, fate) => sum + 40 + ('reason' in fate ? 3 * fate.reason.length : 0),
    64 + bytes.length,
  );
}
