import { decodeEvent, type EventKind, isNewerThanKnown } from '@odograph/contracts/event-catalogue';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import type { EventPosition } from '@odograph/kernel/position';
import type { Projection, SliceChange } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { WorkTurn } from '@odograph/platform/work-turn';
import type { Parked } from './checkpoints.ts';
import { Parking, type Replay } from './parking.ts';
import { includesPosition, type StoredSlice } from './read-model-store.ts';

/** A slice in memory, and the stored slice that it was made from. */
interface FoldedSlice<S> {
  readonly stored: StoredSlice;
  readonly state: S;
  readonly isChanged: boolean;
}

export interface FoldOptions<S> {
  readonly projection: Projection<S>;
  readonly subject: string;
  /** The vehicle's events that may be missing in the stored documents, in order. */
  readonly events: readonly StoredEvent[];
  /** The checkpoint after which these events begin. */
  readonly after: EventPosition;
  /** The event of this vehicle that is parked in this projection before these events. */
  readonly parked: Parked | undefined;
  /** Folds only slices with these keys; all if left out. */
  readonly wants?: (key: string) => boolean;
  /** Loads slices that an event changes and that are not open yet. */
  readonly load: (keys: readonly string[]) => Promise<readonly StoredSlice[]>;
  /** Decodes an event. A caller that folds the same events for several projections can decode each event once. */
  readonly decode?: (stored: StoredEvent) => VehicleEvent;
  readonly replay: Replay;
  /** Counts the work, and ends it if all who want it have left. */
  readonly turn: WorkTurn;
}

/** A vehicle's slices after its events. */
interface Folded<S> {
  readonly slices: ReadonlyMap<string, FoldedSlice<S>>;
  readonly parked: Parked | undefined;
}

/**
 * Folds a vehicle's events into its slices. An event that cannot be applied, or that only a newer program knows, changes no
 * slice and is parked.
 */
export async function foldSubject<S>(options: FoldOptions<S>): Promise<Folded<S>> {
  const { projection, subject, events, after, decode, parked, replay, turn } = options;
  const slices = new OpenSlices(options);
  const parking = new Parking({ projection: projection.name, subject, parked, after, replay, turn });
  for await (const stored of parking.due(events)) {
    const change = readEvent(projection, stored, decode);
    // Nearly every event touches only open slices, and a wait for each event takes time.
    if (!slices.areOpen(change.keys)) await slices.open(change.keys);
    const keys = slices.lacking(stored.position, change.keys);
    const reason = change.reason ?? slices.apply(change, keys);
    if (reason !== undefined) parking.park(stored.position, reason, change.newer);
  }
  return { slices: slices.folded(), parked: parking.parked };
}

/** What an event changes; nothing if it cannot be read, which has a reason. */
interface ReadEvent<S> extends SliceChange<S> {
  readonly reason?: string;
  /** What only a newer program can decode, if that is the reason. */
  readonly newer?: EventKind | undefined;
}

export function readEvent<S>(
  projection: Projection<S>,
  stored: StoredEvent,
  decode: NonNullable<FoldOptions<S>['decode']> = ({ event }) => decodeEvent(event),
): ReadEvent<S> {
  try {
    return projection.read(decode(stored), stored.position);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const newer = isNewerThanKnown(error) ? error.kind : undefined;
    return { keys: [], applyTo: () => undefined, reason, newer };
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

  /** Whether those of these slices that are wanted are open. */
  areOpen(keys: readonly string[]): boolean {
    return !keys.some((key) => this.#isClosed(key));
  }

  async open(keys: readonly string[]): Promise<void> {
    const { projection, load } = this.#options;
    for (const stored of await load(keys.filter((key) => this.#isClosed(key))))
      this.#slices.set(stored.key, { stored, changes: [], state: openSlice(projection, stored) });
  }

  /** The keys of the open slices that do not include the event of a position. */
  lacking(position: EventPosition, keys: readonly string[]): readonly string[] {
    return keys.filter((key) => {
      const slice = this.#slices.get(key);
      return slice && !includesPosition(slice.stored.includes, position);
    });
  }

  /** Applies a change to open slices. If it fails, it changes none: then gives the reason. */
  apply(change: SliceChange<S>, keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const slice = this.#slices.get(key) as OpenSlice<S>;
      slice.changes.push(change);
      try {
        change.applyTo(slice.state, key);
      } catch (error) {
        for (const touched of keys) this.#undo(touched, change);
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
