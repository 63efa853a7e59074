import type { Client } from '@odograph/client';
import type { LogBatch } from '@odograph/client/log';
import { Bell } from '@odograph/kernel/bell';
import { isFault } from '@odograph/kernel/fault';
import { comparePositions, type Position } from '@odograph/kernel/position';
import { WorkTurn } from '@odograph/platform/work-turn';

interface FollowerDeps {
  readonly client: Pick<Client, 'eventBatches' | 'watermarks'>;
  /** Applies what is new. What it throws ends the following. */
  readonly apply: (batch: LogBatch) => void;
  readonly onTrouble: (error: unknown) => void;
  readonly onSuccess: () => void;
  /** Milliseconds, by a clock that only goes forward. */
  readonly now: () => number;
}

interface Followed {
  position: Position;
  /** When the log last said that it has nothing newer. */
  heardAtMs: number;
}

/** Longer than the log takes between two looks at its end. Then it is not followed, whatever the connection says. */
const SILENT_MS = 15_000;
/** Between two attempts to learn where the log ends. */
const ASK_AGAIN_MS = 1_000;
/** What an event takes in turns of the event loop, in bytes that are decoded. */
const EVENT_BYTES = 1_024;

/** Follows the log of all partitions from one place on, through history. */
export class LogFollower {
  readonly #deps: FollowerDeps;
  readonly #ending = new AbortController();
  readonly #followed = new Map<number, Followed>();
  readonly #progress = new Bell();
  /** Where the log ended when it was connected: until then, what arrives is old. Undefined: that is not known. */
  #ends: ReadonlyMap<number, Position> | undefined;
  /** What is asked for where the log ends, on this connection. */
  #asking: object | undefined;
  /** By when it may be asked again. */
  #askAgainAtMs = Number.NEGATIVE_INFINITY;

  /** @param starts where the log ends now */
  constructor(deps: FollowerDeps, starts: readonly Position[]) {
    this.#deps = deps;
    for (const position of starts)
      this.#followed.set(position.partition, { position, heardAtMs: deps.now() });
    this.#ends = byPartition(starts);
  }

  get partitionCount(): number {
    return this.#followed.size;
  }

  /**
   * Follows until `stop`.
   * @throws {Fault} OUT_OF_RANGE if the log ends before what was followed: it was restored
   */
  async run(): Promise<void> {
    const { client, apply, onTrouble } = this.#deps;
    const { signal } = this.#ending;
    const batches = client.eventBatches({
      after: this.positions().filter(({ sequence }) => sequence > 0),
      signal,
      onDisconnect: (error) => {
        [this.#ends, this.#asking] = [undefined, undefined];
        onTrouble(error);
      },
    });
    const turn = new WorkTurn();
    for await (const batch of batches) {
      apply(batch);
      this.#reached(batch.position);
      if (!this.#ends) void this.#askForEnds();
      this.#progress.ring();
      // Many batches may have arrived: others wait for answers.
      if (turn.isOver(batch.events.length * EVENT_BYTES)) await turn.next();
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

  /** Since when it is not known that the log has nothing newer of a partition, in milliseconds. */
  silentMs(partition: number): number {
    return this.#deps.now() - (this.#followed.get(partition)?.heardAtMs ?? Number.NEGATIVE_INFINITY);
  }

  /** Whether what is new in a partition arrives. */
  isLive(partition: number): boolean {
    const isFollowing = !this.#ending.signal.aborted && this.#isAtEnd(this.positionOf(partition));
    return isFollowing && this.silentMs(partition) < SILENT_MS;
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

  #reached(position: Position): void {
    const { partition } = position;
    const heardAtMs = this.#isAtEnd(position) ? this.#deps.now() : this.#followed.get(partition)?.heardAtMs;
    this.#followed.set(partition, { position, heardAtMs: heardAtMs ?? Number.NEGATIVE_INFINITY });
  }

  #isAtEnd(position: Position): boolean {
    const end = this.#ends?.get(position.partition) ?? { ...position, sequence: 0 };
    return this.#ends !== undefined && comparePositions(position, end) >= 0;
  }

  /** After each connection once, and again if that fails. */
  async #askForEnds(): Promise<void> {
    if (this.#asking || this.#deps.now() < this.#askAgainAtMs) return;
    const asking = {};
    this.#asking = asking;
    const { client, onTrouble, onSuccess, now } = this.#deps;
    const askedAtMs = now();
    try {
      const ends = await client.watermarks({ signal: this.#ending.signal });
      // The connection may have broken meanwhile.
      if (this.#asking !== asking) return;
      this.#ends = byPartition(ends);
      for (const followed of this.#followed.values())
        if (this.#isAtEnd(followed.position)) followed.heardAtMs = askedAtMs;
      this.#asking = undefined;
      onSuccess();
    } catch (error) {
      this.#askAgainAtMs = now() + ASK_AGAIN_MS;
      if (this.#asking === asking) this.#asking = undefined;
      if (!this.#ending.signal.aborted) onTrouble(error);
    }
  }
}

const byPartition = (positions: readonly Position[]) =>
  new Map(positions.map((position) => [position.partition, position]));

export const isRestored = (error: unknown) => isFault(error, 'OUT_OF_RANGE');
