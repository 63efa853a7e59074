import { backoffMs } from '@odograph/kernel/backoff';

const FAILURES_UNTIL_OPEN = 5;
const BACKOFF = { firstMs: 5_000, maxMs: 300_000 };

/** How many messages a receiver gets at the same time: one, and seldom, while it fails. */
export class Breaker {
  readonly #maxInFlight: number;
  #failuresInARow = 0;
  #heldUntilMs = 0;

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
  }

  /** How many more may be sent now. */
  room(inFlight: number, nowMs: number): number {
    if (nowMs < this.#heldUntilMs) return 0;
    return Math.max(0, (this.#isOpen ? 1 : this.#maxInFlight) - inFlight);
  }

  /** When the next one may be sent, in Unix milliseconds; undefined if that does not depend on the time. */
  get probeAtMs(): number | undefined {
    return this.#heldUntilMs === 0 ? undefined : this.#heldUntilMs;
  }

  /** @param afterMs when the receiver wants the next one; it holds all its messages, for at most five minutes */
  failed(nowMs: number, afterMs = 0): void {
    this.#failuresInARow += 1;
    const pauseMs = this.#isOpen ? backoffMs(this.#failuresInARow - FAILURES_UNTIL_OPEN, BACKOFF) : 0;
    const heldMs = Math.min(Math.max(pauseMs, afterMs), BACKOFF.maxMs);
    if (heldMs > 0) this.#heldUntilMs = nowMs + heldMs;
  }

  /** The receiver answered, whatever it said. */
  answered(): void {
    this.#failuresInARow = 0;
    this.#heldUntilMs = 0;
  }

  get #isOpen(): boolean {
    return this.#failuresInARow >= FAILURES_UNTIL_OPEN;
  }
}
