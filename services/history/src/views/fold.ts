import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { isFault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import type { Projection, SliceChange } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { Parked } from './checkpoints.ts';
import { type Replay, releasedBy } from './parking.ts';
import { includesPosition, type StoredSlice } from './read-model-store.ts';

/** A slice in memory, and the stored slice that it was made from. */
interface FoldedSlice<S> {
  readonly stored: StoredSlice;
  readonly state: S;
  readonly isChanged: boolean;
}

interface FoldOptions<S> {
  readonly projection: Projection<S>;
  readonly subject: string;
  /** The vehicle's events that may be missing in the stored documents, in order. */
  readonly events: readonly StoredEvent[];
  /** The event of this vehicle that is parked in this projection before these events. */
  readonly parked: Parked | undefined;
  /** Folds only slices with these keys; all if left out. */
  readonly wants?: (key: string) => boolean;
  readonly load: (key: string) => Promise<StoredSlice>;
  /** Decodes an event. A caller that folds the same events for several projections can decode each event once. */
  readonly decode?: (event: StoredEvent['event']) => VehicleEvent;
  readonly replay: Replay;
}

/** A vehicle's slices after its events. */
export interface Folded<S> {
  readonly slices: ReadonlyMap<string, FoldedSlice<S>>;
  readonly parked: Parked | undefined;
}

/**
 * Folds a vehicle's events into its slices, in one of two states: applying, or parked at an event.
 *
 * An event that cannot be applied changes no slice and is parked: it and all later events wait until an event of the log
 * retries or drops it, and then they are read from the log again. An event version that this process does not know is not
 * parked: its fault is thrown.
 */
export async function foldSubject<S>(options: FoldOptions<S>): Promise<Folded<S>> {
  const { projection, subject, decode, replay } = options;
  const slices = new OpenSlices(options);

  async function foldAll(events: readonly StoredEvent[], before?: Parked): Promise<Parked | undefined> {
    let parked = before;
    for (const stored of events) {
      if (parked) {
        parked = await release(parked, stored);
        continue;
      }
      const change = readEvent(projection, stored, decode);
      // Nearly every event touches only open slices, and a wait for each event takes time.
      if (slices.isClosedFor(change)) await slices.openFor(change);
      const reason = slices.apply(change, stored.position);
      if (reason !== undefined) parked = parkedAt(stored.position, reason);
    }
    return parked;
  }

  /** While an event is parked, all events wait. The one that releases it comes after all that waited. */
  async function release(parked: Parked, stored: StoredEvent): Promise<Parked | undefined> {
    const released = await releasedBy(stored, parked, replay);
    if (!released) return parked;
    return (await foldAll(released)) ?? foldAll([stored]);
  }

  function parkedAt(position: EventPosition, reason: string): Parked {
    return { projection: projection.name, subject, position, reason };
  }

  const parked = await foldAll(options.events, options.parked);
  return { slices: slices.folded(), parked };
}

/** What an event changes, or why it cannot be read. */
type ReadEvent<S> = SliceChange<S> | { readonly reason: string };

/** What an event changes, or why it cannot be read. Throws the fault of an event that is newer than this process knows. */
export function readEvent<S>(
  projection: Projection<S>,
  { event, position }: StoredEvent,
  decode: NonNullable<FoldOptions<S>['decode']> = decodeEvent,
): ReadEvent<S> {
  try {
    return projection.read(decode(event), position);
  } catch (error) {
    if (!isFault(error, 'CORRUPT_LOG')) throw error;
    return { reason: error.message };
  }
}

/** Opens a stored slice in memory. */
export function openSlice<S>(projection: Projection<S>, { subject, key, documents }: StoredSlice): S {
  return documents.length > 0
    ? projection.fromDocuments(subject, key, documents)
    : projection.initial(subject, key);
}

/** A slice that is open, with its changes since it was stored: it is made again from them without one that failed. */
interface OpenSlice<S> {
  readonly stored: StoredSlice;
  readonly changes: SliceChange<S>[];
  state: S;
}

/** The slices of a vehicle that its events touch. Each is opened by the first event that touches it. */
class OpenSlices<S> {
  readonly #options: FoldOptions<S>;
  readonly #slices = new Map<string, OpenSlice<S>>();

  constructor(options: FoldOptions<S>) {
    this.#options = options;
  }

  isClosedFor(change: ReadEvent<S>): boolean {
    return 'keys' in change && change.keys.some((key) => this.#isClosed(key));
  }

  async openFor(change: ReadEvent<S>): Promise<void> {
    const keys = 'keys' in change ? change.keys.filter((key) => this.#isClosed(key)) : [];
    await Promise.all(keys.map((key) => this.#open(key)));
  }

  /** Applies a change to its slices that do not include its position. If it fails, it changes none: then gives the reason. */
  apply(change: ReadEvent<S>, position: EventPosition): string | undefined {
    if ('reason' in change) return change.reason;
    for (const key of change.keys) {
      const slice = this.#slices.get(key);
      if (!slice || includesPosition(slice.stored.includes, position)) continue;
      slice.changes.push(change);
      try {
        change.applyTo(slice.state, key);
      } catch (error) {
        for (const touched of change.keys) this.#undo(touched, change);
        return error instanceof Error ? error.message : String(error);
      }
    }
    return undefined;
  }

  folded(): ReadonlyMap<string, FoldedSlice<S>> {
    return new Map(
      Array.from(this.#slices, ([key, { stored, state, changes }]) => {
        return [key, { stored, state, isChanged: changes.length > 0 }];
      }),
    );
  }

  #isClosed(key: string): boolean {
    return !this.#slices.has(key) && (this.#options.wants?.(key) ?? true);
  }

  async #open(key: string): Promise<void> {
    const stored = await this.#options.load(key);
    this.#slices.set(key, { stored, changes: [], state: openSlice(this.#options.projection, stored) });
  }

  /** Makes a slice again without a change that may have been applied in part. A slice without other changes is closed. */
  #undo(key: string, change: SliceChange<S>): void {
    const slice = this.#slices.get(key);
    if (slice?.changes.at(-1) === change) {
      slice.changes.pop();
      slice.state = openSlice(this.#options.projection, slice.stored);
      for (const earlier of slice.changes) earlier.applyTo(slice.state, key);
    }
    if (slice?.changes.length === 0) this.#slices.delete(key);
  }
}
