import { Bell } from '@odograph/kernel/bell';

interface WindowOptions {
  /** How many pieces of work may be in progress. */
  readonly size: number;
  /** The most that a group may weigh. One piece of work that is heavier gets its own group. */
  readonly groupWeight: number;
}

interface Slot<T> {
  readonly weight: number;
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

  constructor({ size, groupWeight }: WindowOptions) {
    this.#size = size;
    this.#groupWeight = groupWeight;
  }

  /** Adds work. Resolves when there is room for more, or when the window is closed. */
  async add(work: Promise<T>, weight: number): Promise<void> {
    const slot: Slot<T> = { weight, outcome: undefined };
    this.#slots.push(slot);
    work.then(
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
    while (!this.#isClosed || this.#slots.length > 0) {
      const finished = this.#finishedFromFront();
      if (finished.length === 0) {
        await this.#changed.rung();
        continue;
      }
      yield finished.map(valueOrThrow);
      this.#slots.splice(0, finished.length);
      this.#changed.ring();
    }
  }

  #finish(slot: Slot<T>, outcome: PromiseSettledResult<T>): void {
    slot.outcome = outcome;
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
