import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { isFault } from '@odograph/kernel/fault';
import { comparePositions, type EventPosition } from '@odograph/kernel/position';
import type { Projection, SliceChange } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { Parked } from './checkpoints.ts';
import { type Includes, includesPosition, type StoredSlice } from './read-model-store.ts';

/** A slice in memory, with what it was loaded from. */
export interface FoldedSlice<S> {
  readonly stored: StoredSlice;
  readonly state: S;
  isChanged: boolean;
}

export interface FoldParts<S> {
  readonly projection: Projection<S>;
  readonly subject: string;
  /** The vehicle's events that the stored documents may not have, in order. */
  readonly events: readonly StoredEvent[];
  /** What is parked for this vehicle in this projection as the events begin. */
  readonly parked: Parked | undefined;
  /** Only slices with these keys; all where it is left out. */
  readonly wants?: (key: string) => boolean;
  readonly load: (key: string) => Promise<StoredSlice>;
  /** Decodes an event; where several projections fold the same events, once for all of them. */
  readonly decode?: (event: StoredEvent['event']) => VehicleEvent;
  /** The vehicle's events between two positions, both included, from the log: what waited behind a parked one. */
  readonly replay: (from: EventPosition, through: EventPosition) => Promise<readonly StoredEvent[]>;
}

/** What a vehicle's slices are after its events. */
export interface Folded<S> {
  readonly slices: ReadonlyMap<string, FoldedSlice<S>>;
  readonly parked: Parked | undefined;
}

/**
 * Folds a vehicle's events into its slices by the projection's own functions.
 *
 * An event that cannot be applied is parked with all that follows it, until an event of the log says to retry or to
 * drop it; then what waited is read from the log again. A parked event leaves no trace: the fold is begun anew with
 * the knowledge of where it stops. An event newer than this process knows is no reason to park: the fault is thrown on.
 */
export async function foldSubject<S>(parts: FoldParts<S>): Promise<Folded<S>> {
  const stops = new Map<string, string>();
  for (;;) {
    const attempt = await foldUntilFault(parts, stops);
    if (!('reason' in attempt)) return attempt;
    stops.set(keyOfPosition(attempt.position), attempt.reason);
  }
}

interface FaultFound {
  readonly position: EventPosition;
  readonly reason: string;
}

/** @param stops events known not to apply, with why. */
async function foldUntilFault<S>(
  parts: FoldParts<S>,
  stops: ReadonlyMap<string, string>,
): Promise<Folded<S> | FaultFound> {
  const { projection, subject, replay, decode = decodeEvent } = parts;
  const slices = new Map<string, FoldedSlice<S>>();
  let parked = parts.parked;

  async function open(key: string): Promise<void> {
    const stored = await parts.load(key);
    slices.set(key, { stored, state: openSlice(projection, stored), isChanged: false });
  }

  const isMissing = (key: string) => !slices.has(key) && (!parts.wants || parts.wants(key));
  const missingFor = (change: ReadEvent<S> | undefined) =>
    change && 'keys' in change ? change.keys.filter(isMissing) : [];

  /** Undefined where the event is known not to apply: from here on it is parked. */
  function read({ position, event }: StoredEvent): ReadEvent<S> | undefined {
    const stop = stops.size > 0 ? stops.get(keyOfPosition(position)) : undefined;
    if (stop === undefined) return readEvent(projection, event, decode);
    parked = { projection: projection.name, subject, position, reason: stop };
    return undefined;
  }

  function apply(change: ReadEvent<S>, position: EventPosition): FaultFound | undefined {
    if ('reason' in change) return { position, ...change };
    for (const key of change.keys) {
      const slice = slices.get(key);
      const reason = slice && applyTo(slice, change, { position, key });
      if (reason !== undefined) return { position, reason };
    }
    return undefined;
  }

  /** Waits only for slices that are not open yet: nearly every event finds its own open. */
  async function take(events: readonly StoredEvent[]): Promise<FaultFound | undefined> {
    for (const stored of events) {
      let found: FaultFound | undefined;
      if (parked) found = await takeBehind(parked, stored);
      else {
        const change = read(stored);
        const missing = missingFor(change);
        if (missing.length > 0) await Promise.all(missing.map(open));
        found = change && apply(change, stored.position);
      }
      if (found) return found;
    }
    return undefined;
  }

  /** What waited behind the parked event, and the event itself unless it is dropped. */
  async function waitedBehind(held: Parked, decision: StoredEvent, release: 'retry' | 'drop') {
    const before = { ...decision.position, index: decision.position.index - 1 };
    // Earlier decisions about the same event are moot now; replayed, each would replay the others again.
    const waited = (await replay(held.position, before)).filter((stored) => !releaseIn(stored, held));
    return release === 'drop' ? waited.filter(isNotAt(held.position)) : waited;
  }

  /** An event that came while another is parked: of interest only where it lets go on, or where that has been decided. */
  async function takeBehind(held: Parked, stored: StoredEvent): Promise<FaultFound | undefined> {
    const release = releaseIn(stored, held);
    if (!release) return undefined;
    const waited = await waitedBehind(held, stored, release);
    parked = undefined;
    return (await take(waited)) ?? (parked ? undefined : take([stored]));
  }

  return (await take(parts.events)) ?? { slices, parked };
}

type ReadEvent<S> = SliceChange<S> | { readonly reason: string };

/** What an event changes, or why it cannot be read. Throws the fault of an event that is newer than this process knows. */
export function readEvent<S>(
  projection: Projection<S>,
  encoded: StoredEvent['event'],
  decode: NonNullable<FoldParts<S>['decode']> = decodeEvent,
): ReadEvent<S> {
  try {
    return projection.read(decode(encoded));
  } catch (error) {
    if (!isFault(error, 'CORRUPT_LOG')) throw error;
    return { reason: error.message };
  }
}

/** Gives why the event cannot be applied, if it cannot. */
function applyTo<S>(
  slice: FoldedSlice<S>,
  change: SliceChange<S>,
  { position, key }: { readonly position: EventPosition; readonly key: string },
): string | undefined {
  if (includesPosition(slice.stored.includes, position)) return undefined;
  try {
    change.applyTo(slice.state, key);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  slice.isChanged = true;
  return undefined;
}

/** A stored slice in memory. */
export function openSlice<S>(projection: Projection<S>, { subject, key, documents }: StoredSlice): S {
  return documents.length > 0
    ? projection.fromDocuments(subject, key, documents)
    : projection.initial(subject, key);
}

/** Up to where a slice has its vehicle's events when they went as far as an envelope, or up to what is parked. */
export function includesUpTo(envelope: EventPosition, parked: Parked | undefined): Includes {
  if (!parked) return { s: envelope.sequence, i: envelope.index };
  return { s: parked.position.sequence, i: parked.position.index - 1 };
}

/** Whether an event lets go on what is parked: by trying again, or without the parked event. */
function releaseIn({ event, position }: StoredEvent, parked: Parked): 'retry' | 'drop' | undefined {
  if (event.type !== 'ParkedEventRetried' && event.type !== 'ParkedEventDropped') return undefined;
  const decision = decodeEvent(event);
  if (decision.type !== 'ParkedEventRetried' && decision.type !== 'ParkedEventDropped') return undefined;
  if (decision.projection !== parked.projection || comparePositions(position, parked.position) < 0)
    return undefined;
  if (comparePositions(decision.position, parked.position) !== 0) return undefined;
  return decision.type === 'ParkedEventRetried' ? 'retry' : 'drop';
}

const isNotAt = (position: EventPosition) => (stored: StoredEvent) =>
  comparePositions(stored.position, position) !== 0;

const keyOfPosition = ({ sequence, index }: EventPosition): string => `${sequence}/${index}`;
