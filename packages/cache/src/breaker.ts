interface BreakerOptions {
  /** Milliseconds, by a clock that only goes forward. */
  readonly now: () => number;
  /** It opens when this share of the calls of a window failed, and at least this many. */
  readonly failingShare?: number;
  readonly leastCalls?: number;
  readonly windowMs?: number;
  /** How long it stays open before one call is let through to probe. */
  readonly openMs?: number;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Keeps callers from a service that fails: they do not wait for its timeouts, and it gets time. */
export class Breaker {
  readonly #options: Required<BreakerOptions>;
  #state: BreakerState = 'closed';
  #openedAtMs = 0;
  #windowAtMs = 0;
  #calls = 0;
  #failures = 0;

  constructor(options: BreakerOptions) {
    this.#options = { failingShare: 0.5, leastCalls: 5, windowMs: 10_000, openMs: 2_000, ...options };
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether a call may be made now. Say afterwards whether it succeeded or failed. */
  mayCall(): boolean {
    if (this.#state === 'closed') return true;
    const isProbeDue = this.#state === 'open' && this.#now() - this.#openedAtMs >= this.#options.openMs;
    if (isProbeDue) this.#state = 'half-open';
    return isProbeDue;
  }

  succeeded(): void {
    if (this.#state !== 'closed') this.#close();
    this.#count(false);
  }

  failed(): void {
    this.#count(true);
    const { failingShare, leastCalls } = this.#options;
    if (this.#state !== 'closed') this.#open();
    else if (this.#failures >= leastCalls && this.#failures >= failingShare * this.#calls) this.#open();
  }

  #count(isFailure: boolean): void {
    if (this.#now() - this.#windowAtMs >= this.#options.windowMs) this.#beginWindow();
    this.#calls += 1;
    if (isFailure) this.#failures += 1;
  }

  #open(): void {
    this.#state = 'open';
    this.#openedAtMs = this.#now();
  }

  #close(): void {
    this.#state = 'closed';
    this.#beginWindow();
  }

  #beginWindow(): void {
    [this.#windowAtMs, this.#calls, this.#failures] = [this.#now(), 0, 0];
  }

  #now(): number {
    return this.#options.now();
  }
}
