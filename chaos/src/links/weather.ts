import { createRandom, type Random } from '@odograph/kernel/random';

/** How slow a link is, each way. */
export interface Slowness {
  readonly latencyMs: number;
  /** Up to so much more, evenly; bytes never overtake one another. */
  readonly jitterMs?: number;
  /** A connection's, each way. */
  readonly bytesPerSecond?: number;
}

/** A stretch of slowness. */
export interface Slow extends Slowness {
  readonly random: Random;
  /** Aborted when it is over: what is on its way arrives at once. */
  readonly ended: AbortSignal;
}

/** What holds for all connections of a link at this moment. */
export class Weather {
  readonly #random: Random;
  #slow: Slow | undefined;
  #slowEnd = new AbortController();
  #hang: PromiseWithResolvers<void> | undefined;

  constructor(random: Random = createRandom(0)) {
    this.#random = random;
  }

  get slow(): Slow | undefined {
    return this.#slow;
  }

  get isHung(): boolean {
    return this.#hang !== undefined;
  }

  /** Resolves once bytes may pass. */
  async clear(): Promise<void> {
    while (this.#hang) await this.#hang.promise;
  }

  makeSlow(slowness: Slowness): void {
    this.#endSlow();
    this.#slowEnd = new AbortController();
    this.#slow = { ...slowness, random: this.#random, ended: this.#slowEnd.signal };
  }

  hang(): void {
    this.#hang ??= Promise.withResolvers();
  }

  /** Ends everything. */
  heal(): void {
    this.#endSlow();
    this.#hang?.resolve();
    this.#hang = undefined;
  }

  #endSlow(): void {
    this.#slowEnd.abort();
    this.#slow = undefined;
  }
}
