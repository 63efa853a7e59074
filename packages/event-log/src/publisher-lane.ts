import { randomUUID } from 'node:crypto';
import type { JetStreamClient } from '@nats-io/jetstream';
import { backoffMs } from '@odograph/kernel/backoff';
import { pause } from '@odograph/kernel/clock';
import { Fault, isFault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import { streamName, streamSubject } from './nats-subjects.ts';
import { fullStream, isStreamFull, mayBeStored } from './publish-refusal.ts';
import type { PublisherOptions } from './publisher-options.ts';
import type { StreamWatch } from './stream-watch.ts';

/** What a lane tells of its work, for metrics. */
export interface LaneObserver {
  /** An envelope is on disk. */
  onStored?(partition: number, envelope: { events: number; bytes: number; durationMs: number }): void;
  /** An attempt failed; the same bytes will be sent again. */
  onRetry?(partition: number, error: unknown): void;
}

/** What became of a group: the position of its first event once it is on disk, or why it is not known to be. */
export type AppendResult = EventPosition | Fault;

/** The encoded events of one report. */
export interface Group {
  readonly entries: readonly Uint8Array[];
  readonly bytes: number;
  readonly deadlineAtMs: number;
  /** Called once. No promise, as there are thousands under way: whoever waits for many waits for all of them with one. */
  readonly settle: (fate: AppendResult) => void;
}

export interface LaneParts {
  readonly partition: number;
  readonly jetstream: JetStreamClient;
  readonly watch: StreamWatch;
  readonly settings: PublisherOptions;
  readonly observer: LaneObserver;
}

interface Waiting extends Group {
  isSettled: boolean;
}

/** How often deadlines are looked at while something waits, in milliseconds. */
const DEADLINE_SWEEP_MS = 50;
/** A caller is told this long before its deadline, so that the answer still reaches it. */
const DEADLINE_MARGIN_MS = 100;

/** One partition's way to disk: a queue, and one envelope in flight. */
export class PublisherLane {
  readonly #parts: LaneParts;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #inFlight: readonly Waiting[] = [];
  #running: Promise<void> | undefined;
  /** Why the last attempt failed; undefined after one that did not. */
  #trouble: string | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Takes a group on its way, or settles it at once where too much waits already. */
  append(group: Group): void {
    const { partition, settings } = this.#parts;
    if (this.#queuedBytes + group.bytes > settings.maxQueuedBytes) {
      const message = `partition ${partition} has ${this.#queuedBytes} bytes waiting for disk`;
      const limit = `${settings.maxQueuedBytes} bytes waiting a partition`;
      group.settle(new Fault('OVERLOADED', message, { retryAfterMs: settings.retryMaxMs, limit }));
      return;
    }
    this.#queuedBytes += group.bytes;
    this.#queue.push({ ...group, isSettled: false });
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits and nothing is in flight. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    const sweep = setInterval(() => this.#rejectLate(), DEADLINE_SWEEP_MS);
    while (this.#queue.length > 0) {
      if (this.#envelopeLength() === this.#queue.length) await pause(this.#parts.settings.lingerMs);
      this.#inFlight = this.#takeEnvelope();
      if (this.#inFlight.length > 0) await this.#store(this.#inFlight);
      this.#inFlight = [];
    }
    clearInterval(sweep);
    this.#running = undefined;
  }

  #envelopeLength(): number {
    return envelopeLength(this.#queue, this.#parts.settings);
  }

  #takeEnvelope(): Waiting[] {
    const taken = this.#queue.splice(0, this.#envelopeLength());
    for (const { bytes } of taken) this.#queuedBytes -= bytes;
    return taken;
  }

  /** Sends one envelope until it is on disk, or until it is known not to be and nobody waits for it any more. */
  async #store(envelope: readonly Waiting[]): Promise<void> {
    const { partition, settings, observer } = this.#parts;
    const bytes = Buffer.concat(envelope.flatMap((group) => group.entries));
    let messageId = randomUUID();
    const startedAt = performance.now();
    let isInDoubt = false;
    for (let repetition = 0; ; repetition += 1) {
      if (!isInDoubt && envelope.every((group) => group.isSettled)) return;
      try {
        resolveAll(envelope, { partition, sequence: await this.#publish(bytes, messageId) });
        this.#trouble = undefined;
        const events = envelope.reduce((sum, group) => sum + group.entries.length, 0);
        const durationMs = performance.now() - startedAt;
        return observer.onStored?.(partition, { events, bytes: bytes.length, durationMs });
      } catch (error) {
        if (isStreamFull(error) && !isInDoubt) return rejectAll(envelope, fullStream(partition, error));
        // A stream that went backwards may be replaced; it must not answer with where the envelope lay before.
        if (isFault(error)) messageId = randomUUID();
        isInDoubt ||= mayBeStored(error);
        this.#noteTrouble(error);
        await pause(backoffMs(repetition, { firstMs: settings.retryMinMs, maxMs: settings.retryMaxMs }));
      }
    }
  }

  #noteTrouble(error: unknown): void {
    this.#trouble = error instanceof Error ? error.message : String(error);
    this.#parts.observer.onRetry?.(this.#parts.partition, error);
  }

  /** One attempt; gives the envelope's sequence. */
  async #publish(bytes: Uint8Array, messageId: string): Promise<number> {
    const { partition, jetstream, watch, settings } = this.#parts;
    watch.assertOpen(partition);
    const { seq } = await jetstream.publish(streamSubject(partition), bytes, {
      msgID: messageId,
      expect: { streamName: streamName(partition) },
      timeout: settings.ackTimeoutMs,
      retries: 1,
    });
    watch.noteStored(partition, seq);
    return seq;
  }

  /** Groups still in the queue are taken out of it; one in flight may reach the disk yet, under its report id. */
  #rejectLate(): void {
    const now = Date.now() + DEADLINE_MARGIN_MS;
    const isLate = (group: Waiting) => !group.isSettled && group.deadlineAtMs <= now;
    const late = [...this.#inFlight, ...this.#queue].filter(isLate);
    if (late.length === 0) return;
    const retryAfterMs = this.#parts.settings.retryMaxMs;
    const why = this.#trouble === undefined ? '' : ` (${this.#trouble})`;
    const message = `not confirmed on disk in time${why}; send it again under the same report_id`;
    rejectAll(late, new Fault('UNAVAILABLE', message, { retryAfterMs }));
    this.#queue = this.#queue.filter((group) => !group.isSettled);
    this.#queuedBytes = this.#queue.reduce((sum, group) => sum + group.bytes, 0);
  }
}

function resolveAll(
  envelope: readonly Waiting[],
  { partition, sequence }: Pick<EventPosition, 'partition' | 'sequence'>,
): void {
  let index = 0;
  for (const group of envelope) {
    if (!group.isSettled) group.settle({ partition, sequence, index });
    group.isSettled = true;
    index += group.entries.length;
  }
}

function rejectAll(groups: readonly Waiting[], fault: Fault): void {
  for (const group of groups) {
    if (!group.isSettled) group.settle(fault);
    group.isSettled = true;
  }
}

/** How many groups from the front fit into one envelope; one that is larger by itself has one of its own. */
function envelopeLength(
  queue: readonly Group[],
  { envelopeEvents, envelopeBytes }: Pick<PublisherOptions, 'envelopeEvents' | 'envelopeBytes'>,
): number {
  let [events, bytes, count] = [0, 0, 0];
  for (const group of queue) {
    events += group.entries.length;
    bytes += group.bytes;
    if (count > 0 && (events > envelopeEvents || bytes > envelopeBytes)) break;
    count += 1;
  }
  return count;
}
