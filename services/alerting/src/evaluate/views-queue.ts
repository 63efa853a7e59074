import { Bell } from '@odograph/kernel/bell';
import type { Position } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { DecodedEvent } from './decoded-event.ts';
import type { OutgoingEvent } from './outgoing.ts';

/** Views of what the log has of alerts, rules and silences. */
export interface PartitionViews {
  /** Whether an event may change them. */
  concerns(event: VehicleEvent): boolean;
  /**
   * Stores what events mean for them, again if they were stored before. Returns what else has to be appended because of them.
   */
  apply(events: readonly DecodedEvent[], through: Position): Promise<readonly OutgoingEvent[]>;
}

interface ViewsQueueDeps {
  readonly views: PartitionViews;
  readonly onApplied: (through: Position, outgoing: readonly OutgoingEvent[]) => void;
  /** Nothing is applied after a failure, which all methods that wait reject with. */
  readonly onFailed: () => void;
}

/** More events wait before no more are evaluated. */
const MAX_WAITING = 5_000;

/**
 * Events on their way to the views of a partition, in order. The evaluation goes on beside them: while some are being applied,
 * others gather, and are applied together.
 */
export class ViewsQueue {
  readonly #deps: ViewsQueueDeps;
  readonly #progress = new Bell();
  #waiting: DecodedEvent[] = [];
  /** Up to where events were added, and applied. */
  #added: Position | undefined;
  #applied = 0;
  #isApplying = false;
  #applying: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(deps: ViewsQueueDeps) {
    this.#deps = deps;
  }

  add(events: readonly DecodedEvent[], through: Position): void {
    const { views } = this.#deps;
    for (const each of events) if (views.concerns(each.event)) this.#waiting.push(each);
    this.#added = through;
    if (!this.#isApplying) this.#applying = this.#apply();
  }

  /** Resolves when there is room for more, or when the signal is aborted. */
  room(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.#waiting.length < MAX_WAITING, signal);
  }

  /** Resolves when the views include a sequence, or when the signal is aborted. */
  reached(sequence: number, signal: AbortSignal): Promise<void> {
    return this.#until(() => this.#applied >= sequence, signal);
  }

  /** Resolves when nothing is being applied any more. */
  async idle(): Promise<void> {
    await this.#applying;
    this.#throwFailure();
  }

  async #apply(): Promise<void> {
    const { views, onApplied, onFailed } = this.#deps;
    if (this.#failure) return;
    this.#isApplying = true;
    try {
      for (let through = this.#added; through && through.sequence > this.#applied; through = this.#added) {
        const events = this.#waiting;
        this.#waiting = [];
        onApplied(through, await views.apply(events, through));
        this.#applied = through.sequence;
        this.#progress.ring();
      }
    } catch (error) {
      this.#failure = { error };
      onFailed();
      this.#progress.ring();
    }
    this.#isApplying = false;
  }

  async #until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    const wake = () => this.#progress.ring();
    signal.addEventListener('abort', wake);
    try {
      while (!isSo() && !signal.aborted) {
        this.#throwFailure();
        await this.#progress.rung();
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
