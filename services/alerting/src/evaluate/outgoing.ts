import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { EventPublisher } from '@odograph/event-log/publisher';
import { Bell } from '@odograph/kernel/bell';
import { type Clock, pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { AlertEvent } from '@odograph/kernel/vehicle-event';
import type { LogPlace } from '../domain/partition-alerts.ts';

/** An event on its way to the log. */
export interface OutgoingEvent {
  readonly partition: number;
  readonly event: AlertEvent;
  /** The trace of its cause; empty if that has none. */
  readonly traceparent: string;
}

export interface OutgoingDeps {
  readonly publisher: Pick<EventPublisher, 'appendAll'>;
  readonly clock: Clock;
  /** Returns how long to wait before the next try, in milliseconds. */
  readonly onTrouble: (error: unknown) => number;
  readonly onSuccess: () => void;
}

/** Of one partition, in one envelope. */
const MAX_APPENDED = 500;
/** More wait before what causes them is not read any more. */
const MAX_WAITING = 5_000;
const APPEND_WITHIN_MS = 10_000;

/**
 * What one partition makes of the log, on its way into it, in order: of each target partition one append is under way, and it is
 * repeated until it is confirmed. What is appended twice, the log keeps once.
 */
export class Outgoing {
  readonly #deps: OutgoingDeps;
  readonly #progress = new Bell();
  #waiting: { readonly cause: LogPlace; readonly each: OutgoingEvent }[] = [];
  #underWay: readonly { readonly cause: LogPlace }[] = [];

  constructor(deps: OutgoingDeps) {
    this.#deps = deps;
  }

  get count(): number {
    return this.#waiting.length + this.#underWay.length;
  }

  add(cause: LogPlace, events: readonly OutgoingEvent[]): void {
    for (const each of events) this.#waiting.push({ cause, each });
    if (events.length > 0) this.#progress.ring();
  }

  /** Resolves when there is room for more, or when the signal is aborted. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.count >= MAX_WAITING && !signal.aborted) await this.#changed(signal);
  }

  /** Resolves when all is in the log that events up to a sequence have caused, or when the signal is aborted. */
  async reached(sequence: number, signal: AbortSignal): Promise<void> {
    const isBefore = ({ cause }: { readonly cause: LogPlace }) => cause.sequence <= sequence;
    while (!signal.aborted && [...this.#underWay, ...this.#waiting].some(isBefore))
      await this.#changed(signal);
  }

  /** Appends until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#waiting.length === 0) {
        await this.#changed(signal);
        continue;
      }
      const next = this.#takeNext();
      const byPartition = Map.groupBy(next, ({ each }) => each.partition);
      await Promise.all(
        Array.from(byPartition, ([partition, own]) =>
          this.#append(
            partition,
            own.map(({ each }) => each),
            signal,
          ),
        ),
      );
      if (signal.aborted) return;
      this.#underWay = [];
      this.#progress.ring();
    }
  }

  #takeNext() {
    const next = this.#waiting.splice(0, MAX_APPENDED);
    this.#underWay = next;
    return next;
  }

  async #append(partition: number, events: readonly OutgoingEvent[], signal: AbortSignal): Promise<void> {
    const { publisher, clock, onTrouble, onSuccess } = this.#deps;
    while (!signal.aborted) {
      const now = clock.now();
      const encoded = events.map(({ event, traceparent }) =>
        encodeEvent({ ...event, receivedAtMs: now }, { traceparent }),
      );
      // One list is in one envelope: all of it is in the log, in order, or nothing.
      const [result] = await publisher.appendAll([encoded], {
        deadlineAtMs: now + APPEND_WITHIN_MS,
        partition,
      });
      if (!isFault(result)) {
        onSuccess();
        return;
      }
      await pause(onTrouble(result), signal);
    }
  }

  /** Resolves at the next change, or when the signal is aborted. */
  async #changed(signal: AbortSignal): Promise<void> {
    const wake = () => this.#progress.ring();
    signal.addEventListener('abort', wake, { once: true });
    try {
      if (!signal.aborted) await this.#progress.rung();
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}
