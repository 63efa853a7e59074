import type { Client } from '@odograph/client';
import type { LogBatch } from '@odograph/client/log';
import { Bell } from '@odograph/kernel/bell';
import { isFault } from '@odograph/kernel/fault';
import { comparePositions, type Position } from '@odograph/kernel/position';

interface FollowerDeps {
  readonly client: Client;
  /** Applies what is new. What it throws ends the following. */
  readonly apply: (batch: LogBatch) => void;
  readonly onTrouble: (error: unknown) => void;
  readonly onSuccess: () => void;
  /** Milliseconds, by a clock that only goes forward. */
  readonly now: () => number;
}

interface Followed {
  position: Position;
  /** When the log last said what it has. */
  heardAtMs: number;
}

/** Longer than the log takes between two looks at its end. Then it is not followed, whatever the connection says. */
const SILENT_MS = 15_000;

/** Follows the log of all partitions from one place on, through history. */
export class LogFollower {
  readonly #deps: FollowerDeps;
  readonly #ending = new AbortController();
  readonly #followed = new Map<number, Followed>();
  readonly #progress = new Bell();
  #isConnected = true;

  /** @param starts where the log ends now */
  constructor(deps: FollowerDeps, starts: readonly Position[]) {
    this.#deps = deps;
    for (const position of starts)
      this.#followed.set(position.partition, { position, heardAtMs: deps.now() });
  }

  get partitionCount(): number {
    return this.#followed.size;
  }

  /**
   * Follows until `stop`.
   * @throws {Fault} OUT_OF_RANGE if the log ends before what was followed: it was restored
   */
  async run(): Promise<void> {
    const { client, apply, onTrouble, onSuccess, now } = this.#deps;
    const batches = client.eventBatches({
      after: this.positions().filter(({ sequence }) => sequence > 0),
      signal: this.#ending.signal,
      onDisconnect: (error) => {
        this.#isConnected = false;
        onTrouble(error);
      },
    });
    for await (const batch of batches) {
      apply(batch);
      const { partition } = batch.position;
      this.#followed.set(partition, { position: batch.position, heardAtMs: now() });
      if (!this.#isConnected) onSuccess();
      this.#isConnected = true;
      this.#progress.ring();
    }
  }

  stop(): void {
    this.#ending.abort();
    this.#progress.ring();
  }

  /** Up to where each partition is applied. */
  positions(): readonly Position[] {
    return Array.from(this.#followed.values(), ({ position }) => position);
  }

  positionOf(partition: number): Position {
    return this.#followed.get(partition)?.position ?? { partition, sequence: 0 };
  }

  /** Since when the log has said nothing of a partition, in milliseconds. */
  silentMs(partition: number): number {
    return this.#deps.now() - (this.#followed.get(partition)?.heardAtMs ?? Number.NEGATIVE_INFINITY);
  }

  /** Whether what is new in a partition arrives. */
  isLive(partition: number): boolean {
    return this.#isConnected && this.silentMs(partition) < SILENT_MS;
  }

  /** Resolves with whether a position is applied: when it is, or when the signal is aborted. */
  async reach(position: Position, signal: AbortSignal): Promise<boolean> {
    const isReached = () => comparePositions(this.positionOf(position.partition), position) >= 0;
    const wake = () => this.#progress.ring();
    signal.addEventListener('abort', wake);
    try {
      while (!isReached() && !signal.aborted && !this.#ending.signal.aborted) await this.#progress.rung();
    } finally {
      signal.removeEventListener('abort', wake);
    }
    return isReached();
  }
}

export const isRestored = (error: unknown) => isFault(error, 'OUT_OF_RANGE');
