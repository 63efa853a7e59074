/** The least of many numbers, each once, in the memory of twice as many as it keeps. */
export class LeastNumbers {
  readonly #most: number;
  #numbers: number[] = [];
  /** It needs no number above this one. */
  #last = Number.POSITIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  add(number: number): void {
    if (number > this.#last) return;
    this.#numbers.push(number);
    if (this.#numbers.length >= 2 * this.#most) this.#shrink();
  }

  /** In order. */
  all(): readonly number[] {
    this.#shrink();
    return this.#numbers;
  }

  #shrink(): void {
    const sorted = Float64Array.from(this.#numbers).sort();
    const different = sorted.filter((number, at) => number !== sorted[at - 1]);
    this.#numbers = Array.from(different.subarray(0, this.#most));
    if (this.#numbers.length === this.#most) this.#last = this.#numbers.at(-1) ?? this.#last;
  }
}
