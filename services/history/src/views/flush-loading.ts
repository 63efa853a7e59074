import type { StoredEvent } from '@odograph/event-log/log-reader';
import type { Projection } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { WorkTurn } from '@odograph/platform/work-turn';
import type { Parked } from './checkpoints.ts';
import { type FoldOptions, readEvent } from './fold.ts';
import { bytesOf } from './parking.ts';
import type { ReadModel } from './read-model.ts';
import type { StoredSlice } from './read-model-store.ts';
import type { Tail } from './tail.ts';

// Which slices a flush loads, and when: few queries for many vehicles, and few for one vehicle that changes many slices.

/** By vehicle and key. */
export type LoadedSlices = ReadonlyMap<string, StoredSlice>;

interface Parking {
  readonly model: ReadModel<unknown>;
  /** By vehicle. */
  readonly parked: ReadonlyMap<string, Parked>;
}

interface Loading {
  readonly model: ReadModel<unknown>;
  readonly loaded: LoadedSlices;
}

interface FoldedVehicle {
  readonly subject: string;
  /** Those that are folded. */
  readonly events: readonly StoredEvent[];
  readonly decode: (stored: StoredEvent) => VehicleEvent;
  readonly turn: WorkTurn;
}

/** Keys that an end of a vehicle may change to be loaded with those of the others: a report may spread over many windows. */
const MAX_END_KEYS = 8;
/** Slices, and events that change them, that are loaded with those that the fold of a vehicle is waiting for. */
const AHEAD = 200;

/**
 * Loads the slices that the first and the last event of each vehicle change, with one query. These are nearly always all
 * slices of the vehicle that change. A parked vehicle needs none.
 */
export async function loadEnds(
  { model: { projection, store }, parked }: Parking,
  subjects: readonly string[],
  tail: Tail,
): Promise<LoadedSlices> {
  const wanted = subjects
    .filter((subject) => !parked.has(subject))
    .flatMap((subject) => endsOf(tail, subject, projection).map((key) => ({ subject, key })));
  return new Map((await store.load(wanted)).map((slice) => [keyOf(slice.subject, slice.key), slice]));
}

function endsOf<S>(tail: Tail, subject: string, projection: Projection<S>): readonly string[] {
  const read = tail.ends(subject).map((stored) => readEvent(projection, stored));
  const keys = new Set(read.flatMap((event) => event.keys));
  return keys.size > MAX_END_KEYS ? [] : [...keys];
}

/**
 * Loads slices, and with them those that the vehicle's next events change: otherwise a vehicle whose reports are each of
 * another window would cost a query for each.
 */
export function loadAhead({ model, loaded }: Loading, vehicle: FoldedVehicle): FoldOptions<unknown>['load'] {
  const { subject } = vehicle;
  const ahead = new Map<string, StoredSlice>();
  const find = (key: string) => ahead.get(key) ?? loaded.get(keyOf(subject, key));
  const keysAhead = keysOf(model, vehicle);
  return async (keys) => {
    if (!keys.every(find)) {
      const wanted = new Set([...keys, ...(keys.length < AHEAD ? await keysAhead(AHEAD) : [])]);
      const missing = [...wanted].filter((key) => !find(key));
      const slices = await Promise.all(missing.map((key) => model.load(subject, key)));
      for (const slice of slices) ahead.set(slice.key, slice);
    }
    return keys.map((key) => find(key) as StoredSlice);
  };
}

/** Gives with each call the keys that a vehicle's next events change. */
function keysOf({ projection }: ReadModel<unknown>, { events, decode, turn }: FoldedVehicle) {
  let next = 0;
  return async (count: number): Promise<readonly string[]> => {
    const keys: string[] = [];
    const coming = events.slice(next, next + count);
    for (const stored of coming) {
      if (turn.isOver(bytesOf(stored))) await turn.next();
      keys.push(...readEvent(projection, stored, decode).keys);
      next += 1;
      if (keys.length >= count) break;
    }
    return keys;
  };
}

const keyOf = (...names: readonly string[]): string => names.join('\n');
