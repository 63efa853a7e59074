import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { Fault, invariant, isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { EventPosition } from '@odograph/kernel/position';
import { encodeEnvelopeEntry, MAX_ENVELOPE_BYTES, MAX_ENVELOPE_EVENTS } from './envelope.ts';
import { type AppendResult, type Group, type LaneObserver, PublisherLane } from './publisher-lane.ts';
import { DEFAULT_PUBLISHER_OPTIONS, type PublisherOptions } from './publisher-options.ts';
import type { StreamWatch } from './stream-watch.ts';

export type { AppendResult };

/** Puts events on disk, in order, an envelope at a time and one envelope in flight a partition. */
export interface EventPublisher {
  /** How many partitions the log has; undefined until the log has been seen. */
  partitionCount(): number | undefined;
  /**
   * Appends the events of one report, adjacent in one envelope of their subject's partition.
   * Resolves with the first event's position once JetStream has it on disk.
   * Rejects with a Fault: OVERLOADED (full; nothing was taken), UNAVAILABLE (not confirmed before the deadline:
   * send it again under the same report id).
   */
  append(group: readonly Event[], deadlineAtMs: number): Promise<EventPosition>;
  /**
   * The same for many reports at once: resolves when the fate of each is known, in order. All are on their way when it
   * returns. Rejects at once for an error that is no Fault; the others stay on their way.
   */
  appendAll(groups: readonly (readonly Event[])[], deadlineAtMs: number): Promise<readonly AppendResult[]>;
  /** As {@link EventPublisher.append}, to a partition of the caller's choice; not refused when a stream is nearly full. */
  appendTo(partition: number, group: readonly Event[], deadlineAtMs: number): Promise<EventPosition>;
  /** Bytes waiting, over all partitions. */
  queuedBytes(): number;
  /** Takes nothing more, and resolves when what was taken is settled, or when the time is over. */
  drain(withinMs: number): Promise<void>;
}

export interface PublisherParts {
  readonly jetstream: JetStreamClient;
  readonly watch: StreamWatch;
  readonly options?: Partial<PublisherOptions>;
  readonly observer?: LaneObserver;
}

export function createPublisher({
  jetstream,
  watch,
  options,
  observer = {},
}: PublisherParts): EventPublisher {
  const settings = { ...DEFAULT_PUBLISHER_OPTIONS, ...options };
  const lanes = new Map<number, PublisherLane>();
  let isDraining = false;

  function laneOf(partition: number): PublisherLane {
    let lane = lanes.get(partition);
    if (!lane) {
      lane = new PublisherLane({ partition, jetstream, watch, settings, observer });
      lanes.set(partition, lane);
    }
    return lane;
  }

  function partitionFor(group: readonly Event[]): number {
    const count = watch.partitionCount();
    if (count === undefined) {
      throw new Fault('UNAVAILABLE', 'the log is not there yet: history creates it when it first starts', {
        retryAfterMs: 1_000,
      });
    }
    const partition = partitionOf(group[0]?.subject ?? '', count);
    watch.assertRoom(partition);
    return partition;
  }

  function handOver(
    partition: number,
    group: readonly Event[],
    waiting: Pick<Group, 'deadlineAtMs' | 'settle'>,
  ) {
    if (isDraining) throw new Fault('UNAVAILABLE', 'shutting down', { retryAfterMs: 1_000 });
    const entries = group.map(encodeEnvelopeEntry);
    const bytes = entries.reduce((sum, entry) => sum + entry.length, 0);
    invariant(entries.length > 0 && entries.length <= MAX_ENVELOPE_EVENTS, 'a group fits an envelope');
    if (bytes > MAX_ENVELOPE_BYTES) {
      throw new Fault(
        'TOO_LARGE',
        `a report of ${bytes} bytes exceeds the ${MAX_ENVELOPE_BYTES} of an envelope`,
      );
    }
    laneOf(partition).append({ entries, bytes, ...waiting });
  }

  function appendAll(
    groups: readonly (readonly Event[])[],
    deadlineAtMs: number,
  ): Promise<readonly AppendResult[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly AppendResult[]>();
    const fates: AppendResult[] = [];
    let left = groups.length;
    if (left === 0) resolve(fates);
    for (const [at, group] of groups.entries()) {
      const settle = (fate: AppendResult) => {
        fates[at] = fate;
        left -= 1;
        if (left === 0) resolve(fates);
      };
      try {
        handOver(partitionFor(group), group, { deadlineAtMs, settle });
      } catch (error) {
        if (isFault(error)) settle(error);
        else reject(error);
      }
    }
    return promise;
  }

  async function appendTo(partition: number, group: readonly Event[], deadlineAtMs: number) {
    const { promise, resolve } = Promise.withResolvers<AppendResult>();
    handOver(partition, group, { deadlineAtMs, settle: resolve });
    const fate = await promise;
    if (isFault(fate)) throw fate;
    return fate;
  }

  return {
    partitionCount: () => watch.partitionCount(),
    append: async (group, deadlineAtMs) => appendTo(partitionFor(group), group, deadlineAtMs),
    appendAll,
    appendTo,
    queuedBytes: () => [...lanes.values()].reduce((sum, lane) => sum + lane.queuedBytes, 0),
    async drain(withinMs) {
      isDraining = true;
      const settled = Promise.all([...lanes.values()].map((lane) => lane.idle()));
      await Promise.race([settled, delay(withinMs, undefined, { ref: false })]);
    },
  };
}
