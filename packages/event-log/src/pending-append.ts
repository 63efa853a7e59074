import type { Fault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';

/** What became of an append: the position of its first event once it is on disk, or why that is not confirmed. */
export type AppendResult = EventPosition | Fault;

/** The results of one call of `appendAll`, in its order. One promise serves all of them: thousands of appends wait at a time. */
export class AppendResults {
  readonly #results: AppendResult[];
  readonly #all = Promise.withResolvers<readonly AppendResult[]>();
  #missing: number;

  constructor(count: number) {
    this.#results = new Array<AppendResult>(count);
    this.#missing = count;
    if (count === 0) this.#all.resolve(this.#results);
  }

  /** Resolves when every result is known. */
  get all(): Promise<readonly AppendResult[]> {
    return this.#all.promise;
  }

  /** Sets a result that is not known yet. */
  set(index: number, result: AppendResult): void {
    this.#results[index] = result;
    this.#missing -= 1;
    if (this.#missing === 0) this.#all.resolve(this.#results);
  }

  /** Rejects {@link AppendResults.all} at once. */
  fail(error: unknown): void {
    this.#all.reject(error);
  }
}

/** The encoded events of one report, tick or decision. They are written next to each other into one envelope. */
export interface EncodedAppend {
  readonly entries: readonly Uint8Array[];
  readonly bytes: number;
  readonly deadlineAtMs: number;
}

/** What the objects of an append take beside its bytes: measured on 100,000 appends of one event. */
const APPEND_OVERHEAD_BYTES = 256;

/** An append that waits for its result. */
export class PendingAppend {
  readonly entries: readonly Uint8Array[];
  readonly bytes: number;
  readonly deadlineAtMs: number;
  readonly #results: AppendResults;
  readonly #index: number;
  #isComplete = false;

  constructor({ entries, bytes, deadlineAtMs }: EncodedAppend, results: AppendResults, index: number) {
    this.entries = entries;
    this.bytes = bytes;
    this.deadlineAtMs = deadlineAtMs;
    this.#results = results;
    this.#index = index;
  }

  /** The memory that it takes while it waits. */
  get heldBytes(): number {
    return this.bytes + APPEND_OVERHEAD_BYTES;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Gives the caller its result; only the first one counts. */
  complete(result: AppendResult): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    this.#results.set(this.#index, result);
  }
}
