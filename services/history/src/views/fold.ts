import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { isFault } from '@odograph/kernel/fault';
import { comparePositions, type EventPosition } from '@odograph/kernel/position';
import type { Projection, SliceChange } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { Parked } from './checkpoints.ts';
import { type Includes, includesPosition, type StoredSlice } from './read-model-store.ts';

/** A slice in memory, and the stored slice that it was made from. */
interface FoldedSlice<S> {
  readonly stored: StoredSlice;
  readonly state: S;
  isChanged: boolean;
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
  /** Reads the vehicle's events between two positions, inclusive, from the log: those that waited behind a parked one. */
  readonly replay: (from: EventPosition, through: EventPosition) => Promise<readonly StoredEvent[]>;
}

/** A vehicle's slices after its events. */
export interface Folded<S> {
  readonly slices: ReadonlyMap<string, FoldedSlice<S>>;
  readonly parked: Parked | undefined;
}

/**
 * Folds a vehicle's events into its slices.
 *
 * An event that cannot be applied is parked: it and all later events wait until an event of the log retries or drops it,
 * and then they are read from the log again. A parked event must not change a slice, so the fold starts again and stops
 * before it. An event version that this process does not know is not parked: its fault is thrown.
 */
export async function foldSubject<S>(options: FoldOptions<S>): Promise<Folded<S>> {
  const stops = new Map<string, string>();
  for (;;) {
    const attempt = await foldUntilFault(options, stops);
    if (!('reason' in attempt)) return attempt;
    stops.set(keyOfPosition(attempt.position), attempt.reason);
  }
}

interface FaultFound {
  readonly position: EventPosition;
  readonly reason: string;
}

/** @param stops events that cannot be applied, by position, with the reason. */
async function foldUntilFault<S>(
  options: FoldOptions<S>,
  stops: ReadonlyMap<string, string>,
): Promise<Folded<S> | FaultFound> {
  const { projection, subject, replay, decode = decodeEvent } = options;
  const slices = new Map<string, FoldedSlice<S>>();
  let parked = options.parked;

  async function open(key: string): Promise<void> {
    const stored = await options.load(key);
    slices.set(key, { stored, state: openSlice(projection, stored), isChanged: false });
  }

  const isMissing = (key: string) => !slices.has(key) && (!options.wants || options.wants(key));
  const missingFor = (change: ReadEvent<S> | undefined) =>
    change && 'keys' in change ? change.keys.filter(isMissing) : [];

  /** Undefined if the event is known to fail: then it becomes the parked event. */
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

  /** Awaits only slices that are not open yet, because nearly every event changes open ones. */
  async function applyAll(events: readonly StoredEvent[]): Promise<FaultFound | undefined> {
    for (const stored of events) {
      let found: FaultFound | undefined;
      if (parked) found = await releaseBy(stored, parked);
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

  /** The events that waited behind the parked one, and that one unless it is dropped. */
  async function waitedBehind(held: Parked, decision: StoredEvent, release: 'retry' | 'drop') {
    const before = { ...decision.position, index: decision.position.index - 1 };
    // Earlier decisions about the same event are left out: each of them would start a replay of its own.
    const waited = (await replay(held.position, before)).filter((stored) => !releaseIn(stored, held));
    return release === 'drop' ? waited.filter(isNotAt(held.position)) : waited;
  }

  /** While an event is parked, ignores everything except the retry or drop that releases it. */
  async function releaseBy(stored: StoredEvent, held: Parked): Promise<FaultFound | undefined> {
    const release = releaseIn(stored, held);
    if (!release) return undefined;
    const waited = await waitedBehind(held, stored, release);
    parked = undefined;
    return (await applyAll(waited)) ?? (parked ? undefined : applyAll([stored]));
  }

  return (await applyAll(options.events)) ?? { slices, parked };
}

type ReadEvent<S> = SliceChange<S> | { readonly reason: string };

/** What an event changes, or why it cannot be read. Throws the fault of an event that is newer than this process knows. */
export function readEvent<S>(
  projection: Projection<S>,
  encoded: StoredEvent['event'],
  decode: NonNullable<FoldOptions<S>['decode']> = decodeEvent,
): ReadEvent<S> {
  try {
    return projection.read(decode(encoded));
  } catch (error) {
    if (!isFault(error, 'CORRUPT_LOG')) throw error;
    return { reason: error.message };
  }
}

/** Gives the reason if the event cannot be applied. */
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

/** Opens a stored slice in memory. */
export function openSlice<S>(projection: Projection<S>, { subject, key, documents }: StoredSlice): S {
  return documents.length > 0
    ? projection.fromDocuments(subject, key, documents)
    : projection.initial(subject, key);
}

/** The last position that a slice includes: the end of the folded envelopes, or just before the parked event. */
export function includesUpTo(envelope: EventPosition, parked: Parked | undefined): Includes {
  if (!parked) return { s: envelope.sequence, i: envelope.index };
  return { s: parked.position.sequence, i: parked.position.index - 1 };
}

/** Whether an event releases the parked one, by a retry or by a drop. */
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
