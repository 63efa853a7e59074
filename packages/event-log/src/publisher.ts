import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { FairShare } from '@odograph/kernel/fair-share';
import { Fault, invariant, isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { encodeEnvelopeEntry, MAX_ENVELOPE_BYTES, MAX_ENVELOPE_EVENTS } from './envelope.ts';
import { type AppendResult, AppendResults, type EncodedAppend, PendingAppend } from './pending-append.ts';
import { PublisherLane, type PublisherMetrics } from './publisher-lane.ts';
import type { PublisherOptions } from './publisher-options.ts';
import type { PartitionRoom } from './stream-health.ts';
import { type Closure, closedFault, PATIENCE_MS, type StreamWatch } from './stream-watch.ts';

export interface PublisherDeps {
  readonly jetstream: JetStreamClient;
  readonly watch: Pick<
    StreamWatch,
    'partitionCount' | 'roomIn' | 'closure' | 'refusal' | 'assertOpen' | 'acknowledged'
  >;
  readonly metrics: PublisherMetrics;
  readonly options: PublisherOptions;
}

export interface AppendOptions {
  /** Unix time in milliseconds. */
  readonly deadlineAtMs: number;
  /** The partition to write to. Default: that of each append's subject. */
  readonly partition?: number;
}

/** Puts events on disk, in order. Each partition has one envelope in flight at a time. */
export class EventPublisher {
  readonly #deps: PublisherDeps;
  readonly #lanes = new Map<number, PublisherLane>();
  readonly #queued: FairShare<number>;
  #isDraining = false;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
    this.#queued = new FairShare(deps.options.maxQueuedBytes);
  }

  /** How many partitions the log has; undefined until its streams have been seen. */
  partitionCount(): number | undefined {
    return this.#deps.watch.partitionCount();
  }

  /** How much room a partition's stream and the log's disk have. */
  roomIn(partition: number): PartitionRoom {
    return this.#deps.watch.roomIn(partition);
  }

  /**
   * Why a partition stores nothing now, and for how long it has not; undefined if it stores, or has been closed for a moment
   * only. While the number of partitions is not known, partition 0 has the reason for that.
   */
  refusal(partition: number): Closure | undefined {
    const refusal = this.#deps.watch.closure(partition) ?? this.#lanes.get(partition)?.failure();
    return refusal && (refusal.forMs >= PATIENCE_MS || this.partitionCount() === undefined)
      ? refusal
      : undefined;
  }

  /**
   * Appends lists of events, each the events of one report, tick or decision with one subject. All are queued when this
   * returns. Resolves with one result per list, in order, once all are known. A result is a position, or a Fault:
   * OVERLOADED (nothing was written), UNAVAILABLE (not confirmed before the deadline: append it again under the same
   * id) or TOO_LARGE. Rejects only for a programming error.
   */
  appendAll(
    appends: readonly (readonly Event[])[],
    options: AppendOptions,
  ): Promise<readonly AppendResult[]> {
    const results = new AppendResults(appends.length);
    for (const [index, events] of appends.entries()) {
      try {
        const partition = options.partition ?? this.#partitionOf(events);
        const refusal = this.#deps.watch.refusal(partition);
        if (refusal) throw refusal;
        const encoded = this.#encode(events, options.deadlineAtMs);
        this.#laneOf(partition).append(new PendingAppend(encoded, results, index));
      } catch (error) {
        if (isFault(error) && error.code !== 'INTERNAL') results.set(index, error);
        else results.fail(error);
      }
    }
    return results.all;
  }

  /** Memory that what waits for disk takes, over all partitions. */
  queuedBytes(): number {
    return this.#queued.total;
  }

  /** Accepts no more appends. Resolves when the queued ones are complete, or when the time is over. */
  async drain(withinMs: number): Promise<void> {
    this.#isDraining = true;
    const idle = Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
    await Promise.race([idle, delay(withinMs, undefined, { ref: false })]);
  }

  #partitionOf(events: readonly Event[]): number {
    const count = this.partitionCount();
    if (count !== undefined) return partitionOf(events[0]?.subject ?? '', count);
    throw closedFault(this.#deps.watch.closure(0)?.reason ?? 'the log was found just now');
  }

  #encode(events: readonly Event[], deadlineAtMs: number): EncodedAppend {
    if (this.#isDraining) {
      throw new Fault('UNAVAILABLE', 'the service is shutting down: retry', { retryAfterMs: 1_000 });
    }
    const entries = events.map(encodeEnvelopeEntry);
    const bytes = entries.reduce((sum, entry) => sum + entry.length, 0);
    invariant(entries.length > 0 && entries.length <= MAX_ENVELOPE_EVENTS, 'an append fits an envelope');
    if (bytes > MAX_ENVELOPE_BYTES) {
      const message = `the events of a report have ${bytes} bytes, at most ${MAX_ENVELOPE_BYTES}: split the report`;
      throw new Fault('TOO_LARGE', message);
    }
    return { entries, bytes, deadlineAtMs };
  }

  #laneOf(partition: number): PublisherLane {
    let lane = this.#lanes.get(partition);
    if (!lane) {
      lane = new PublisherLane({ ...this.#deps, partition, queued: this.#queued });
      this.#lanes.set(partition, lane);
    }
    return lane;
  }
}
