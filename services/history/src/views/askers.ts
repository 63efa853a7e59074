/** Those who wait for the same work. It goes on until it is done, or until all of them have left. */
export class Askers {
  /** Undefined: one who never leaves. */
  #signals: (AbortSignal | undefined)[];
  #state: 'under way' | 'done' | 'given up' = 'under way';

  constructor(first: AbortSignal | undefined) {
    this.#signals = [first];
  }

  /** Whether the work is done, or goes on for one more. If not, it was given up. */
  join(signal: AbortSignal | undefined): boolean {
    if (this.#state === 'under way') this.#signals.push(signal);
    return this.#state !== 'given up';
  }

  /** Called by the work: throws the reason of the one who left last, if all have left. */
  throwIfAborted(): void {
    if (!this.#signals.every((signal) => signal?.aborted)) return;
    this.#state = 'given up';
    this.#signals.at(-1)?.throwIfAborted();
  }

  done(): void {
    if (this.#state === 'under way') this.#state = 'done';
    this.#signals = [];
  }
}
