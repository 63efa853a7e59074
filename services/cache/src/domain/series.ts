/** The values of a part of a time range. Times are Unix times in milliseconds. */
export interface SeriesPoint {
  readonly fromMs: number;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** The one that was added last. */
  readonly last: number;
}

interface Part {
  count: number;
  min: number;
  max: number;
  sum: number;
  last: number;
}

/** A time range, cut into parts of equal length. */
export class Series {
  readonly widthMs: number;
  readonly #fromMs: number;
  readonly #parts = new Map<number, Part>();

  /** @param parts at least 1; there are fewer if the range has fewer milliseconds */
  constructor(fromMs: number, toMs: number, parts: number) {
    this.#fromMs = fromMs;
    this.widthMs = Math.max(1, Math.ceil((toMs - fromMs) / parts));
  }

  /** Adds a value of the range. Later ones come later. */
  add(atMs: number, value: number): void {
    const index = Math.floor((atMs - this.#fromMs) / this.widthMs);
    const part = this.#parts.get(index);
    if (!part)
      return void this.#parts.set(index, { count: 1, min: value, max: value, sum: value, last: value });
    part.count += 1;
    part.min = Math.min(part.min, value);
    part.max = Math.max(part.max, value);
    part.sum += value;
    part.last = value;
  }

  /** The parts that have values, in order. */
  points(): readonly SeriesPoint[] {
    return Array.from(this.#parts)
      .sort(([a], [b]) => a - b)
      .map(([index, { count, min, max, sum, last }]) => ({
        ...{ fromMs: this.#fromMs + index * this.widthMs, count, min, max, last },
        // Rounding must not take it out of its bounds.
        mean: Math.min(max, Math.max(min, sum / count)),
      }));
  }
}
