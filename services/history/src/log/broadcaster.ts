import type { NatsConnection } from '@nats-io/nats-core';
import { type Broadcast, encodeBroadcast, type PartitionHealth } from '@odograph/event-log/broadcast';
import { EncodedEvent } from '@odograph/event-log/encoded-event';
import { logSubject } from '@odograph/event-log/nats-subjects';
import type { LogListener, NewStretch } from '@odograph/event-log/subscribe';
import type { JudgedEnvelope } from './ledger.ts';

/** Tells others what the writer of a partition has appended. */
export interface Broadcaster {
  /** Without envelopes it is a heartbeat. A watermark of 0: it is not known. */
  send(watermark: number, envelopes: readonly JudgedEnvelope[], health: PartitionHealth): void;
}

/** What is new in the log, as this process knows it: from its own writers, and from the log (bells.ts). */
export interface LiveLog {
  /** Of the writer of this process: passes its envelopes on in memory, and rings the bells of other processes. */
  broadcaster(partition: number): Broadcaster;
  readonly listen: LogListener;
  /** Passes what was read from the log to those who listen. */
  pass(partition: number, stretch: NewStretch): void;
  /** The last envelope that was passed on; undefined if none was. */
  passedThrough(partition: number): number | undefined;
  /** The health of a partition, as its owner said it. */
  heard(partition: number, health: PartitionHealth): void;
  /** What was heard last; undefined if nothing was. */
  health(partition: number): PartitionHealth | undefined;
}

/** @param connection without echo, or this process rings its own bells */
export function openLiveLog(connection: NatsConnection): LiveLog {
  const listeners = new Map<number, Set<Parameters<LogListener>[1]>>();
  const passedThrough = new Map<number, number>();
  const health = new Map<number, PartitionHealth>();

  /** Sends nothing on a closed connection: followers look at the log in any case. */
  function publish(broadcast: Broadcast): void {
    if (connection.isClosed() || connection.isDraining()) return;
    connection.publish(logSubject(broadcast.partition), encodeBroadcast(broadcast));
  }

  function pass(partition: number, stretch: NewStretch): void {
    passedThrough.set(partition, stretch.through);
    const bytes = stretch.events.reduce((sum, stored) => sum + EncodedEvent.from(stored).length, 0);
    for (const listener of listeners.get(partition) ?? []) listener(stretch, bytes);
  }

  return {
    broadcaster: (partition) => ({
      send(watermark, envelopes, own) {
        health.set(partition, own);
        publish({ ...own, partition, watermark });
        if (watermark > 0) pass(partition, stretchOf(watermark, envelopes));
      },
    }),
    listen(partition, onStretch) {
      const own = listeners.get(partition) ?? new Set();
      listeners.set(partition, own.add(onStretch));
      return () => own.delete(onStretch);
    },
    pass,
    passedThrough: (partition) => passedThrough.get(partition),
    heard: (partition, told) => void health.set(partition, told),
    health: (partition) => health.get(partition),
  };
}

function stretchOf(watermark: number, envelopes: readonly JudgedEnvelope[]): NewStretch {
  return {
    after: envelopes[0]?.previousSequence ?? watermark,
    events: envelopes.flatMap(({ events }) => events),
    through: watermark,
  };
}
