import { randomUUID } from 'node:crypto';
import { pause } from '@odograph/kernel/clock';
import type { Answer } from './answer.ts';

/** What gives leases, such as Redis. All methods throw if it does not answer. */
interface LeaseGiver {
  /** False if another has the lease of the key, undefined if the giver has no room for one. */
  takeLease(key: string, token: string, ttlMs: number): Promise<boolean | undefined>;
  /** How much longer it lasts, if it is still that of the token. 0 ends it. */
  keepLease(key: string, token: string, ms: number): Promise<void>;
}

interface LeasesOptions {
  readonly giver: LeaseGiver;
  /** Asks the giver, and gives undefined if it does not answer soon: no caller waits for a lease of a giver that is away. */
  readonly ask: <T>(work: () => Promise<T>) => Promise<T | undefined>;
  /** About three times as long as a slow load. */
  readonly ttlMs: number;
  /** How long to wait for the process that has the lease; then the value is loaded here too. */
  readonly waitMs: number;
}

/** The right to load a key, or what another process has loaded meanwhile. */
type Taken<Value> = { readonly token: string | undefined } | { readonly answer: Answer<Value> };

const POLL = { firstMs: 5, maxMs: 100 };

/** Of all processes, one loads a key; the others wait until it is in a level that they share. */
export class Leases {
  readonly #options: LeasesOptions;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /**
   * @param look reads the levels below once more
   * @param onWait called once if another process has the lease
   */
  async take<Value>(
    key: string,
    {
      signal,
      look,
      onWait,
    }: {
      readonly signal: AbortSignal;
      readonly look: () => Promise<Answer<Value> | undefined>;
      readonly onWait: () => void;
    },
  ): Promise<Taken<Value>> {
    const { waitMs } = this.#options;
    const token = randomUUID();
    const untilMs = performance.now() + waitMs;
    for (let pollMs = POLL.firstMs; ; pollMs = Math.min(2 * pollMs, POLL.maxMs)) {
      // Without Redis, or its room, there are no leases: each process loads.
      const isTaken = await this.#tryTake(key, token);
      if (isTaken === undefined) return { token: undefined };
      if (isTaken) {
        // The process that had it before may have just loaded the value.
        const answer = await look();
        if (!answer) return { token };
        this.leave(key, token);
        return { answer };
      }
      if (performance.now() >= untilMs) return { token: undefined };
      if (pollMs === POLL.firstMs) onWait();
      await pause(pollMs, signal);
      signal.throwIfAborted();
      const answer = await look();
      if (answer) return { answer };
    }
  }

  /**
   * Ends a lease, without waiting for that.
   * @param coolMs after a load that failed: so long, no other process loads the key
   */
  leave(key: string, token: string, coolMs = 0): void {
    // What is not taken away ends by itself.
    this.#options.giver.keepLease(key, token, Math.round(coolMs)).catch(() => undefined);
  }

  /** As the giver answers; undefined also if it does not answer in time. */
  async #tryTake(key: string, token: string): Promise<boolean | undefined> {
    const { giver, ask, ttlMs } = this.#options;
    let taking: Promise<boolean | undefined> | undefined;
    const isTaken = await ask(() => {
      taking = giver.takeLease(key, token, ttlMs);
      return taking;
    });
    // No one waits for it any more. The client may send later what was asked for first, so it is given back after it came.
    const leave = () => this.leave(key, token);
    if (isTaken === undefined) taking?.then((isTakenLate) => isTakenLate && leave(), leave);
    return isTaken;
  }
}
