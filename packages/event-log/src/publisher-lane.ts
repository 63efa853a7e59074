import { randomUUID } from 'node:crypto';
import type { JetStreamClient } from '@nats-io/jetstream';
import { backoffMs } from '@odograph/kernel/backoff';
import { pause } from '@odograph/kernel/clock';
import type { FairShare } from '@odograph/kernel/fair-share';
import { Fault, isFault } from '@odograph/kernel/fault';
import { LimitFault } from '@odograph/kernel/limit-fault';
import { asNatsFault, NO_ACKNOWLEDGEMENT, natsProblem } from './nats-problem.ts';
import { streamName, streamSubject } from './nats-subjects.ts';
import { packEnvelope } from './packed-envelope.ts';
import type { PendingAppend } from './pending-append.ts';
import type { PublisherOptions } from './publisher-options.ts';
import type { Closure, StreamWatch } from './stream-watch.ts';

/** What a publisher counts. */
export interface PublisherMetrics {
  /** An envelope is on disk. */
  stored(partition: number, envelope: { events: number; bytes: number; durationMs: number }): void;
  /** An attempt failed. The same bytes are sent again. */
  retried(partition: number): void;
}

interface LaneDeps {
  readonly partition: number;
  readonly jetstream: JetStreamClient;
  readonly watch: Pick<StreamWatch, 'refusal' | 'assertOpen' | 'acknowledged'>;
  readonly options: PublisherOptions;
  readonly metrics: PublisherMetrics;
  /** What all lanes hold in their queues, by partition. */
  readonly queued: FairShare<number>;
}

/** How often deadlines are checked while appends wait, in milliseconds. */
const DEADLINE_CHECK_MS = 50;
/** A result is given this long before the deadline, so that it still reaches the caller. */
const DEADLINE_MARGIN_MS = 100;
/** When a full stream may have room again, in milliseconds. */
const FULL_RETRY_MS = 5_000;

/**
 * Writes the appends of one partition: a queue, and one envelope in flight. The README of this package draws its states.
 *
 * A failed attempt may have stored the envelope. It is then sent again until JetStream confirms it, deadline or not:
 * the next envelope must not be written before this one.
 */
export class PublisherLane {
  readonly #deps: LaneDeps;
  #queue: PendingAppend[] = [];
  /** No append, queued or in flight, has an earlier deadline: until then none has to be looked at. */
  #earliestDeadlineAtMs = Number.POSITIVE_INFINITY;
  #inFlight: readonly PendingAppend[] = [];
  /** When the last envelope left the queue. */
  #leftAtMs = Number.NEGATIVE_INFINITY;
  /** The envelope that waits for more events; undefined if none does. */
  #collecting: Collecting | undefined;
  #running: Promise<void> | undefined;
  /** Why the last attempt failed, and since when none succeeded; undefined if it did not fail. */
  #failure: { readonly reason: string; readonly sinceMs: number } | undefined;

  constructor(deps: LaneDeps) {
    this.#deps = deps;
  }

  /** Queues an append, or completes it with OVERLOADED if too many bytes wait. */
  append(append: PendingAppend): void {
    const { queued, partition } = this.#deps;
    if (!queued.tryTake(partition, append.heldBytes)) {
      append.complete(this.#queueFull());
      return;
    }
    this.#queue.push(append);
    this.#earliestDeadlineAtMs = Math.min(this.#earliestDeadlineAtMs, append.deadlineAtMs);
    this.#collecting?.add(append);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is queued and nothing is in flight. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Why nothing could be stored when it was last tried, and for how long, in milliseconds; undefined if it could. */
  failure(): Closure | undefined {
    return (
      this.#failure && { reason: this.#failure.reason, forMs: performance.now() - this.#failure.sinceMs }
    );
  }

  async #run(): Promise<void> {
    const checking = setInterval(() => this.#completeHopeless(), DEADLINE_CHECK_MS);
    while (this.#queue.length > 0) {
      await this.#collect();
      this.#inFlight = this.#nextEnvelope();
      if (this.#inFlight.length > 0) await this.#store(this.#inFlight);
      this.#inFlight = [];
    }
    clearInterval(checking);
    this.#running = undefined;
  }

  /** Waits for more events, until the envelope is full, or due and nothing comes any more. */
  async #collect(): Promise<void> {
    const { lingerMs, quietMs, spacingMs } = this.#deps.options;
    const collecting = new Collecting(this.#deps.options, this.#queue);
    this.#collecting = collecting;
    await pause(lingerMs, collecting.full);
    let leftMs = this.#leftAtMs + spacingMs - performance.now();
    for (let before = -1; leftMs > 0 && collecting.count > before && !collecting.full.aborted; ) {
      before = collecting.count;
      await pause(Math.min(quietMs, leftMs), collecting.full);
      leftMs = this.#leftAtMs + spacingMs - performance.now();
    }
    this.#collecting = undefined;
    this.#leftAtMs = performance.now();
  }

  /** How many appends from the front of the queue fit into one envelope. One that is too large alone gets its own. */
  #envelopeLength(): number {
    const { envelopeEvents, envelopeBytes } = this.#deps.options;
    let [events, bytes, count] = [0, 0, 0];
    for (const append of this.#queue) {
      events += append.entries.length;
      bytes += append.bytes;
      if (count > 0 && (events > envelopeEvents || bytes > envelopeBytes)) break;
      count += 1;
    }
    return count;
  }

  #nextEnvelope(): PendingAppend[] {
    const next = this.#queue.splice(0, this.#envelopeLength());
    this.#leave(next);
    return next;
  }

  #leave(appends: readonly PendingAppend[]): void {
    const { queued, partition } = this.#deps;
    queued.give(
      partition,
      appends.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
    );
  }

  /** Stores one envelope, and gives its callers their positions. */
  async #store(envelope: readonly PendingAppend[]): Promise<void> {
    const bytes = packEnvelope(envelope.flatMap(({ entries }) => entries));
    const startedAt = performance.now();
    const sequence = await this.#publishUntilStored(bytes, envelope);
    if (sequence === undefined) return;
    completeAt(this.#deps.partition, sequence, envelope);
    this.#countStored(envelope, bytes.length, performance.now() - startedAt);
  }

  /**
   * Sends an envelope until it is on disk: then gives its sequence. Undefined if it is known not to be on disk and no caller
   * waits for it any more.
   */
  async #publishUntilStored(
    bytes: Uint8Array,
    envelope: readonly PendingAppend[],
  ): Promise<number | undefined> {
    const { partition, options } = this.#deps;
    let messageId = randomUUID();
    // After an attempt without an answer it may be on disk, so it is sent until that is known.
    let mayBeStored = false;
    for (let repetition = 0; ; repetition += 1) {
      if (!mayBeStored && envelope.every(({ isComplete }) => isComplete)) return undefined;
      try {
        return await this.#publish(bytes, messageId);
      } catch (error) {
        const problem = natsProblem(error);
        if (problem === 'stream full' && !mayBeStored) {
          this.#failed(error);
          completeAll(envelope, streamFull(partition, error));
          return undefined;
        }
        // The partition is closed, perhaps because its stream was replaced. With the old id the new one could answer with the
        // sequence that this envelope had in the old one. If it is stored twice, the log recognizes its reports.
        if (isFault(error)) messageId = randomUUID();
        // After a Fault it is not: the attempt was not sent, or went to a stream that the log does not know.
        mayBeStored ||= problem === undefined && !isFault(error);
        this.#failed(error);
        this.#deps.metrics.retried(partition);
        await pause(backoffMs(repetition, { firstMs: options.retryMinMs, maxMs: options.retryMaxMs }));
      }
    }
  }

  /** One attempt. Resolves with the sequence of the envelope. */
  async #publish(bytes: Uint8Array, messageId: string): Promise<number> {
    const { partition, jetstream, watch, options } = this.#deps;
    watch.assertOpen(partition);
    const { seq } = await jetstream.publish(streamSubject(partition), bytes, {
      msgID: messageId,
      expect: { streamName: streamName(partition) },
      timeout: options.ackTimeoutMs,
      retries: 1,
    });
    watch.acknowledged(partition, seq);
    return seq;
  }

  #countStored(envelope: readonly PendingAppend[], bytes: number, durationMs: number): void {
    const { partition, metrics } = this.#deps;
    const events = envelope.reduce((sum, { entries }) => sum + entries.length, 0);
    this.#failure = undefined;
    metrics.stored(partition, { events, bytes, durationMs });
  }

  #failed(cause: unknown): void {
    const error = asNatsFault(cause, NO_ACKNOWLEDGEMENT);
    const reason = error instanceof Error ? error.message : String(error);
    this.#failure = { reason, sinceMs: this.#failure?.sinceMs ?? performance.now() };
  }

  /** Appends wait neither for a partition that stays closed, nor beyond their deadlines. */
  #completeHopeless(): void {
    const refusal = this.#deps.watch.refusal(this.#deps.partition);
    if (!refusal) {
      this.#completeLate();
      return;
    }
    completeAll([...this.#inFlight, ...this.#queue], refusal);
    this.#leave(this.#queue);
    this.#queue = [];
  }

  /** Removes late appends from the queue. Late ones in flight may still reach the disk, under their ids. */
  #completeLate(): void {
    const lateAtMs = Date.now() + DEADLINE_MARGIN_MS;
    if (this.#earliestDeadlineAtMs > lateAtMs) return;
    const isLate = ({ deadlineAtMs }: PendingAppend) => deadlineAtMs <= lateAtMs;
    const fault = this.#notConfirmed();
    const { late = [], inTime = [] } = Object.groupBy(this.#queue, (append) =>
      isLate(append) ? 'late' : 'inTime',
    );
    completeAll(late, fault);
    completeAll(this.#inFlight.filter(isLate), fault);
    this.#leave(late);
    this.#queue = inTime;
    const waiting = [...this.#inFlight, ...inTime].filter(({ isComplete }) => !isComplete);
    this.#earliestDeadlineAtMs = waiting.reduce(
      (earliest, { deadlineAtMs }) => Math.min(earliest, deadlineAtMs),
      Number.POSITIVE_INFINITY,
    );
  }

  #notConfirmed(): Fault {
    const reason = this.#failure === undefined ? '' : ` (${this.#failure.reason})`;
    const message = `not confirmed on disk in time${reason}; send it again under the same id`;
    return new Fault('UNAVAILABLE', message, { retryAfterMs: this.#deps.options.retryMaxMs });
  }

  #queueFull(): Fault {
    const { partition, options, queued } = this.#deps;
    const found = `partition ${partition} has ${queued.heldBy(partition)} of the ${queued.total} bytes that wait for disk`;
    const message = `${found}, at most ${queued.max}, of which each may have what is free: retry in ${options.retryMaxMs} ms`;
    const limit = `${queued.max} bytes waiting for disk`;
    return new LimitFault('queued_bytes', 'OVERLOADED', message, { retryAfterMs: options.retryMaxMs, limit });
  }
}

type EnvelopeLimits = Pick<PublisherOptions, 'envelopeEvents' | 'envelopeBytes'>;

/** The events that wait for an envelope, counted. */
class Collecting {
  readonly #limits: EnvelopeLimits;
  readonly #full = new AbortController();
  #bytes = 0;
  #count = 0;

  constructor(limits: EnvelopeLimits, queue: readonly PendingAppend[]) {
    this.#limits = limits;
    for (const append of queue) {
      if (this.full.aborted) break;
      this.add(append);
    }
  }

  /** Aborted once there are enough for an envelope. */
  get full(): AbortSignal {
    return this.#full.signal;
  }

  get count(): number {
    return this.#count;
  }

  add({ entries, bytes }: PendingAppend): void {
    this.#count += entries.length;
    this.#bytes += bytes;
    const { envelopeEvents, envelopeBytes } = this.#limits;
    if (this.#count >= envelopeEvents || this.#bytes >= envelopeBytes) this.#full.abort();
  }
}

function completeAt(partition: number, sequence: number, envelope: readonly PendingAppend[]): void {
  let index = 0;
  for (const append of envelope) {
    append.complete({ partition, sequence, index });
    index += append.entries.length;
  }
}

function completeAll(appends: readonly PendingAppend[], fault: Fault): void {
  for (const append of appends) append.complete(fault);
}

function streamFull(partition: number, cause: unknown): Fault {
  const message = `the stream of partition ${partition} is full; nothing is dropped to make room, retry in ${FULL_RETRY_MS} ms`;
  return new LimitFault('stream_bytes', 'OVERLOADED', message, {
    cause,
    retryAfterMs: FULL_RETRY_MS,
    limit: 'bytes of the stream',
  });
}
