import { Bell } from '@odograph/kernel/bell';

interface WindowOptions {
  /** How many pieces of work may be in progress. */
  readonly size: number;
  /** The most that a group may weigh. One piece of work that is heavier gets its own group. */
  readonly groupWeight: number;
}

interface Work<T> {
  readonly result: Promise<T>;
  readonly weight: number;
  /** Disposed of when the work has left the window; if no more groups are taken, when it is finished. */
  readonly held: Disposable;
}

interface Slot<T> extends Omit<Work<T>, 'result'> {
  /** Undefined while the work is in progress. */
  outcome: PromiseSettledResult<T> | undefined;
}

/** Work in progress, up to a limit. Its results are delivered in the order in which the work was added. */
export class OrderedWindow<T> {
  readonly #size: number;
  readonly #groupWeight: number;
  readonly #slots: Slot<T>[] = [];
  readonly #changed = new Bell();
  #isClosed = false;
  #isAbandoned = false;

  constructor({ size, groupWeight }: WindowOptions) {
    this.#size = size;
    this.#groupWeight = groupWeight;
  }

  /** Adds work. Resolves when there is room for more, or when the window is closed. */
  async add({ result, weight, held }: Work<T>): Promise<void> {
    const slot: Slot<T> = { weight, held, outcome: undefined };
    this.#slots.push(slot);
    result.then(
      (value) => this.#finish(slot, { status: 'fulfilled', value }),
      (reason: unknown) => this.#finish(slot, { status: 'rejected', reason }),
    );
    while (this.#slots.length >= this.#size && !this.#isClosed) await this.#changed.rung();
  }

  /** No more work will be added. */
  close(): void {
    this.#isClosed = true;
    this.#changed.ring();
  }

  /**
   * Yields finished work from the front, as much as one group may weigh, until the window is closed and empty. Work keeps
   * its slot until the next group is requested, so that a slow consumer slows down the producer. Throws if work failed.
   */
  async *groups(): AsyncGenerator<readonly T[], void> {
    try {
      while (!this.#isClosed || this.#slots.length > 0) {
        const finished = this.#finishedFromFront();
        if (finished.length === 0) {
          await this.#changed.rung();
          continue;
        }
        yield finished.map(valueOrThrow);
        for (const { held } of this.#slots.splice(0, finished.length)) held[Symbol.dispose]();
        this.#changed.ring();
      }
    } finally {
      this.#isAbandoned = true;
      for (const { outcome, held } of this.#slots) if (outcome) held[Symbol.dispose]();
    }
  }

  #finish(slot: Slot<T>, outcome: PromiseSettledResult<T>): void {
    slot.outcome = outcome;
    if (this.#isAbandoned) slot.held[Symbol.dispose]();
    this.#changed.ring();
  }

  #finishedFromFront(): readonly PromiseSettledResult<T>[] {
    const finished: PromiseSettledResult<T>[] = [];
    let groupWeight = 0;
    for (const { weight, outcome } of this.#slots) {
      groupWeight += weight;
      if (outcome === undefined || (finished.length > 0 && groupWeight > this.#groupWeight)) break;
      finished.push(outcome);
    }
    return finished;
  }
}

function valueOrThrow<T>(outcome: PromiseSettledResult<T>): T {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}
