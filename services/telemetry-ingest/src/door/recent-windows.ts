import type { Clock } from '@odograph/kernel/clock';

/** About the interval at which history stores its views: each window of a vehicle once, however many reports it has. */
export const RECENT_MS = 15_000;

/** Which windows of vehicles had their first report lately. A vehicle whose report has no window counts as one by itself. */
export class RecentWindows {
  readonly #clock: Clock;
  readonly #max: number;
  /** When each was added, the first one first. */
  readonly #addedAtMs = new Map<string, number>();

  /** @param max how many are remembered, each in 100 to 200 bytes; above it the first ones are forgotten */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  /** Those of these windows of a vehicle that are not remembered, by their keys. */
  newOf(vehicle: string, windows: readonly number[]): readonly string[] {
    const keys = windows.length === 0 ? [vehicle] : windows.map((window) => `${vehicle}\n${window}`);
    const nowMs = this.#clock.now();
    return keys.filter((key) => !isRecent(this.#addedAtMs.get(key), nowMs));
  }

  /** Remembers windows from now on. */
  add(keys: readonly string[]): void {
    const nowMs = this.#clock.now();
    for (const key of keys) {
      this.#addedAtMs.delete(key);
      this.#addedAtMs.set(key, nowMs);
    }
    for (const [key, atMs] of this.#addedAtMs) {
      if (this.#addedAtMs.size <= this.#max && isRecent(atMs, nowMs)) return;
      this.#addedAtMs.delete(key);
    }
  }
}

/** After the clock was set back, none is. */
function isRecent(atMs: number | undefined, nowMs: number): boolean {
  return atMs !== undefined && atMs <= nowMs && nowMs - atMs < RECENT_MS;
}
