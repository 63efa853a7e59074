import { pause } from '@odograph/kernel/clock';
import type { Leases } from './leases.ts';

/** What a process does with a partition while it owns it. */
export interface OwnedWork {
  /** Runs until the signal is aborted, and resolves when all is left in order. */
  run(signal: AbortSignal): Promise<void>;
}

interface OwnershipDeps {
  readonly leases: Pick<Leases, 'beThere' | 'take' | 'leave' | 'goAway'>;
  readonly partitionCount: number;
  readonly ttlMs: number;
  readonly open: (partition: number) => OwnedWork;
  readonly onTrouble: (error: unknown) => void;
  readonly onSuccess: () => void;
}

interface Owned {
  readonly ending: AbortController;
  readonly done: Promise<void>;
}

/** Takes as many partitions as fall to one of the processes that are there, and works on them while it has them. */
export class Ownership {
  readonly #deps: OwnershipDeps;
  readonly #owned = new Map<number, Owned>();
  readonly #stopping = new AbortController();
  #confirmedAtMs = performance.now();
  #running: Promise<void> | undefined;

  constructor(deps: OwnershipDeps) {
    this.#deps = deps;
  }

  get partitions(): readonly number[] {
    return [...this.#owned.keys()].sort((a, b) => a - b);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Leaves all partitions in order. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { ttlMs, leases, onTrouble, onSuccess } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#look();
        this.#confirmedAtMs = performance.now();
        onSuccess();
      } catch (error) {
        onTrouble(error);
        // Another process may have them by now.
        if (performance.now() - this.#confirmedAtMs > ttlMs) await this.#leaveAll();
      }
      await pause(ttlMs / 3, signal);
    }
    await this.#leaveAll();
    await leases.goAway().catch(onTrouble);
  }

  async #look(): Promise<void> {
    const { leases, partitionCount } = this.#deps;
    const share = Math.ceil(partitionCount / Math.max(1, await leases.beThere()));
    for (const [at, partition] of this.partitions.entries()) {
      if (at < share && (await leases.take(partition))) continue;
      await this.#leave(partition);
    }
    for (let partition = 0; partition < partitionCount && this.#owned.size < share; partition += 1) {
      if (!this.#owned.has(partition) && (await leases.take(partition))) this.#begin(partition);
    }
  }

  #begin(partition: number): void {
    const ending = new AbortController();
    const done = this.#deps.open(partition).run(ending.signal);
    this.#owned.set(partition, { ending, done });
  }

  async #leave(partition: number): Promise<void> {
    const owned = this.#owned.get(partition);
    this.#owned.delete(partition);
    owned?.ending.abort();
    await owned?.done;
    await this.#deps.leases.leave(partition).catch(this.#deps.onTrouble);
  }

  async #leaveAll(): Promise<void> {
    await Promise.all(this.partitions.map((partition) => this.#leave(partition)));
  }
}
