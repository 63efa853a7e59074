import type { Clock } from '@odograph/kernel/clock';

/** About the interval at which history stores its views: each window of a vehicle once, however many reports it has. */
export const RECENT_MS = 15_000;

/** Clients of which windows are remembered. A client that has not reported lately hardly needs it. */
export const MAX_CLIENTS = 1_000;
/** The part of its windows that the largest client loses when there are too many: its first ones. */
const FORGOTTEN_SHARE = 1 / 8;

/** The window of a report that has none: its vehicle counts as one by itself. */
const NO_WINDOW = -1;
const ONLY_VEHICLE: readonly number[] = [NO_WINDOW];
const NONE: readonly number[] = [];

/** Which windows of a vehicle were added: most vehicles have one, and a map takes far more memory. */
interface Added {
  /** The last one, and when it was added. */
  readonly window: number;
  readonly atMs: number;
  /** When those before it were added, the first one first. */
  readonly before?: Map<number, number>;
}

interface Client {
  /** In the order in which a window was added last. So older windows of a vehicle stay until it is the first, up to 30 s. */
  readonly vehicles: Map<string, Added>;
  /** Of all vehicles. */
  windows: number;
}

/** Which windows of vehicles had their first report lately. */
export class RecentWindows {
  readonly #clock: Clock;
  readonly #max: number;
  /** The client that added a window last is the last. */
  readonly #clients = new Map<string, Client>();
  #size = 0;

  /** @param max how many are remembered, each in 100 to 200 bytes; above it, the client that has most loses some */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  /** Those of these windows of a vehicle that are not remembered of the client. It is called for each report. */
  newOf(client: string, vehicle: string, windows: readonly number[]): readonly number[] {
    const asked = windows.length === 0 ? ONLY_VEHICLE : windows;
    const added = this.#clients.get(client)?.vehicles.get(vehicle);
    if (added === undefined) return asked;
    const nowMs = this.#clock.now();
    // Nearly all reports have one, and nothing is new.
    const [window = NO_WINDOW] = asked;
    if (asked.length === 1 && isRecent(addedAtMs(added, window), nowMs)) return NONE;
    return asked.filter((each) => !isRecent(addedAtMs(added, each), nowMs));
  }

  /** Remembers windows of a vehicle from now on. */
  add(client: string, vehicle: string, windows: readonly number[]): void {
    const nowMs = this.#clock.now();
    const known = this.#clients.get(client) ?? { vehicles: new Map(), windows: 0 };
    this.#clients.delete(client);
    this.#clients.set(client, known);
    const former = known.vehicles.get(vehicle);
    const sizeBefore = former ? sizeOf(former) : 0;
    const added = addTo(former, windows, nowMs);
    known.vehicles.delete(vehicle);
    known.vehicles.set(vehicle, added);
    this.#count(known, sizeOf(added) - sizeBefore);
    const isOld = (atMs: number) => !isRecent(atMs, nowMs);
    this.#forget(client, isOld);
    for (const other of this.#clients.keys()) {
      this.#forget(other, this.#clients.size > MAX_CLIENTS ? () => true : isOld);
      if (this.#clients.has(other)) break;
    }
    while (this.#size > this.#max) {
      const [name, largest] = this.#largest();
      const wanted = largest.windows * (1 - FORGOTTEN_SHARE);
      this.#forget(name, () => largest.windows > wanted);
    }
  }

  /** Forgets the first windows of a client up to one that is still wanted. */
  #forget(name: string, isUnwanted: (atMs: number) => boolean): void {
    const client = this.#clients.get(name);
    if (!client) return;
    for (const [vehicle, { atMs, before }] of client.vehicles) {
      for (const [window, beforeAtMs] of before ?? []) {
        if (!isUnwanted(beforeAtMs)) return;
        before?.delete(window);
        this.#count(client, -1);
      }
      if (!isUnwanted(atMs)) return;
      client.vehicles.delete(vehicle);
      this.#count(client, -1);
    }
    this.#clients.delete(name);
  }

  #count(client: Client, change: number): void {
    client.windows += change;
    this.#size += change;
  }

  #largest() {
    return [...this.#clients].reduce((largest, next) =>
      next[1].windows > largest[1].windows ? next : largest,
    );
  }
}

function addedAtMs(added: Added, window: number): number | undefined {
  return added.window === window ? added.atMs : added.before?.get(window);
}

function sizeOf({ before }: Added): number {
  return 1 + (before?.size ?? 0);
}

/** Adds windows that are not remembered, and forgets those that are old. */
function addTo(former: Added | undefined, windows: readonly number[], atMs: number): Added {
  const [window = NO_WINDOW] = windows.slice(-1);
  if (!former && windows.length === 1) return { window, atMs };
  const before = former?.before ?? new Map<number, number>();
  if (former) before.set(former.window, former.atMs);
  for (const each of windows) before.delete(each);
  for (const [each, beforeAtMs] of before) {
    if (isRecent(beforeAtMs, atMs)) break;
    before.delete(each);
  }
  for (const each of windows.slice(0, -1)) before.set(each, atMs);
  return { window, atMs, ...(before.size > 0 && { before }) };
}

/** After the clock was set back, none is. */
function isRecent(atMs: number | undefined, nowMs: number): boolean {
  return atMs !== undefined && atMs <= nowMs && nowMs - atMs < RECENT_MS;
}
