/** The number of new texts that are sorted together: this takes less than a millisecond. */
const RUN = 1_024;

/**
 * Different texts that are kept in order while others are added: in sorted runs, each at least twice as long as the next one,
 * so that never all of them are sorted at once.
 */
export class SortedTexts {
  #runs: (readonly string[])[] = [];
  #added: string[] = [];

  get size(): number {
    return this.#runs.reduce((sum, { length }) => sum + length, this.#added.length);
  }

  /** Adds a text that it does not have. */
  add(text: string): void {
    this.#added.push(text);
    if (this.#added.length >= RUN) this.#sortAdded();
  }

  keep(isKept: (text: string) => boolean): void {
    this.#runs = this.#runs.map((run) => run.filter(isKept));
    this.#added = this.#added.filter(isKept);
  }

  /** All texts, in order: the same array until one is added or dropped. */
  all(): readonly string[] {
    if (this.#added.length > 0) this.#sortAdded();
    while (this.#runs.length > 1) this.#mergeLast();
    return this.#runs[0] ?? NO_TEXTS;
  }

  #sortAdded(): void {
    this.#runs.push(this.#added.sort());
    this.#added = [];
    while (this.#runs.length > 1 && this.#lengthOf(-2) < 2 * this.#lengthOf(-1)) this.#mergeLast();
  }

  #lengthOf(at: number): number {
    return this.#runs.at(at)?.length ?? 0;
  }

  /** A sort finds runs that are in order, and merges them. */
  #mergeLast(): void {
    const [last = NO_TEXTS, before = NO_TEXTS] = [this.#runs.pop(), this.#runs.pop()];
    this.#runs.push([...before, ...last].sort());
  }
}

const NO_TEXTS: readonly string[] = [];
