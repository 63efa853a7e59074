import type { Clock } from '@odograph/kernel/clock';

/** About the interval at which history stores its views: each window of a vehicle once, however many reports it has. */
export const RECENT_MS = 15_000;

/** Clients of which windows are remembered. A client that has not reported lately hardly needs it. */
export const MAX_CLIENTS = 1_000;
/** The part of its windows that the largest client loses when there are too many: its first ones. */
const FORGOTTEN_SHARE = 1 / 8;

/** Which windows of vehicles had their first report lately. A vehicle whose report has no window counts as one by itself. */
export class RecentWindows {
  readonly #clock: Clock;
  readonly #max: number;
  /** When each window of a client was added, the first one first. The client that added one last is the last. */
  readonly #clients = new Map<string, Map<string, number>>();
  #size = 0;

  /** @param max how many are remembered, each in 100 to 200 bytes; above it, the client that has most loses some */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  /** Those of these windows of a vehicle that are not remembered of the client, by their keys. */
  newOf(client: string, vehicle: string, windows: readonly number[]): readonly string[] {
    const keys = windows.length === 0 ? [vehicle] : windows.map((window) => `${vehicle}\n${window}`);
    const addedAtMs = this.#clients.get(client);
    const nowMs = this.#clock.now();
    return keys.filter((key) => !isRecent(addedAtMs?.get(key), nowMs));
  }

  /** Remembers windows from now on. */
  add(client: string, keys: readonly string[]): void {
    const nowMs = this.#clock.now();
    const addedAtMs = this.#clients.get(client) ?? new Map<string, number>();
    this.#clients.delete(client);
    this.#clients.set(client, addedAtMs);
    for (const key of keys) {
      if (!addedAtMs.delete(key)) this.#size += 1;
      addedAtMs.set(key, nowMs);
    }
    const isOld = (atMs: number) => !isRecent(atMs, nowMs);
    this.#forget(client, isOld);
    for (const other of this.#clients.keys()) {
      this.#forget(other, this.#clients.size > MAX_CLIENTS ? () => true : isOld);
      if (this.#clients.has(other)) break;
    }
    while (this.#size > this.#max) {
      const [largest, { size }] = this.#largest();
      let left = size * FORGOTTEN_SHARE;
      this.#forget(largest, () => left-- > 0);
    }
  }

  /** Forgets the first windows of a client up to one that is still wanted. */
  #forget(client: string, isUnwanted: (atMs: number) => boolean): void {
    const addedAtMs = this.#clients.get(client) ?? new Map<string, number>();
    for (const [key, atMs] of addedAtMs) {
      if (!isUnwanted(atMs)) return;
      addedAtMs.delete(key);
      this.#size -= 1;
    }
    this.#clients.delete(client);
  }

  #largest() {
    return [...this.#clients].reduce((largest, next) => (next[1].size > largest[1].size ? next : largest));
  }
}

/** After the clock was set back, none is. */
function isRecent(atMs: number | undefined, nowMs: number): boolean {
  return atMs !== undefined && atMs <= nowMs && nowMs - atMs < RECENT_MS;
}
