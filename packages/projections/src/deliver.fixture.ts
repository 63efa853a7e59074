import type { EventPosition } from '@odograph/kernel/position';
import type { DocumentBody, Projection } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';

/** The documents of a vehicle's slices, by key. */
export type StoredSlices = ReadonlyMap<string, readonly DocumentBody[]>;

const FIRST: EventPosition = { partition: 0, sequence: 1, index: 0 };

/** Delivers events in groups, as the views do: folds each group into the stored documents and stores the result. */
export function deliver<S>(
  projection: Projection<S>,
  groups: readonly (readonly VehicleEvent[])[],
  before: StoredSlices = new Map(),
): StoredSlices {
  const stored = new Map(before);
  for (const group of groups) {
    for (const [key, slice] of fold(projection, group, stored)) {
      stored.set(key, store([...projection.toDocuments(slice)], stored.get(key)));
    }
  }
  return new Map([...stored].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The stored documents after a flush. */
function store(
  documents: readonly (DocumentBody | undefined)[],
  before: readonly DocumentBody[] = [],
): readonly DocumentBody[] {
  return documents.map((document, n) => structuredClone(document ?? (before[n] as DocumentBody)));
}

/** Folds events into the stored documents; gives the slices that change, by key. */
export function fold<S>(
  projection: Projection<S>,
  events: readonly VehicleEvent[],
  stored: StoredSlices = new Map(),
): Map<string, S> {
  const slices = new Map<string, S>();
  for (const [index, event] of events.entries()) {
    const change = projection.read(event, { ...FIRST, index });
    for (const key of change.keys) {
      const slice = slices.get(key) ?? open(projection, key, stored.get(key));
      change.applyTo(slice, key);
      slices.set(key, slice);
    }
  }
  return slices;
}

export function keysOf<S>(projection: Projection<S>, event: VehicleEvent): readonly string[] {
  return projection.read(event, FIRST).keys;
}

export function applyEvent<S>(projection: Projection<S>, slice: S, key: string, event: VehicleEvent): void {
  projection.read(event, FIRST).applyTo(slice, key);
}

export function open<S>(
  projection: Projection<S>,
  key: string,
  documents: readonly DocumentBody[] | undefined,
): S {
  return documents === undefined
    ? projection.initial('V1', key)
    : projection.fromDocuments('V1', key, documents);
}
