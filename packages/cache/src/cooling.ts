import { LRUCache } from 'lru-cache';

interface CoolingOptions {
  /** How long the first failure of a key is answered to others, and the most, in milliseconds. */
  readonly firstMs: number;
  readonly maxMs: number;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

interface Failed {
  readonly error: unknown;
  readonly inARow: number;
  readonly untilMs: number;
}

const MAX_KEYS = 10_000;

/** Keys whose source has failed just now: those who ask get the same failure, and the source is left alone. */
export class Cooling {
  readonly #options: CoolingOptions;
  readonly #failed = new LRUCache<string, Failed>({ max: MAX_KEYS });

  constructor(options: CoolingOptions) {
    this.#options = options;
  }

  /** Throws the last failure if it was a short time ago. */
  throwIfCooling(key: string): void {
    const failed = this.#failed.get(key);
    if (failed && failed.untilMs > this.#options.now()) throw failed.error;
  }

  /** Returns for how long, in milliseconds. */
  failed(key: string, error: unknown): number {
    const { firstMs, maxMs, now, random } = this.#options;
    const inARow = (this.#failed.get(key)?.inARow ?? 0) + 1;
    const mostMs = Math.min(maxMs, firstMs * 2 ** (inARow - 1));
    // From half of it on, so that the keys of one failure do not come back together.
    const coolMs = mostMs * (0.5 + random() / 2);
    this.#failed.set(key, { error, inARow, untilMs: now() + coolMs });
    return coolMs;
  }

  succeeded(key: string): void {
    this.#failed.delete(key);
  }
}
