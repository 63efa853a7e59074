import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { comparePositions, type EventPosition } from '@odograph/kernel/position';
import type { Parked } from './checkpoints.ts';
import type { Includes } from './read-model-store.ts';

/** Reads the vehicle's events between two positions, inclusive, from the log: those that waited behind a parked one. */
export type Replay = (from: EventPosition, through: EventPosition) => Promise<readonly StoredEvent[]>;

type Release = 'retry' | 'drop';

/**
 * If an event releases the parked one: the events to apply now, from the parked event (left out if it is dropped) up to
 * the last one before the release. Undefined if it releases nothing.
 */
export async function releasedBy(
  stored: StoredEvent,
  parked: Parked,
  replay: Replay,
): Promise<readonly StoredEvent[] | undefined> {
  const release = releaseIn(stored, parked);
  if (!release) return undefined;
  const before = { ...stored.position, index: stored.position.index - 1 };
  // Earlier decisions about the same event are left out: each of them would start a replay of its own.
  const waited = (await replay(parked.position, before)).filter((waiting) => !releaseIn(waiting, parked));
  return release === 'retry' ? waited : waited.filter(({ position }) => !isAt(position, parked));
}

/** The last position that a slice includes: the end of the folded envelopes, or just before the parked event. */
export function includesUpTo(envelope: EventPosition, parked: Parked | undefined): Includes {
  if (!parked) return { s: envelope.sequence, i: envelope.index };
  return { s: parked.position.sequence, i: parked.position.index - 1 };
}

/** Whether an event releases the parked one, by a retry or by a drop. */
function releaseIn({ event, position }: StoredEvent, parked: Parked): Release | undefined {
  if (event.type !== 'ParkedEventRetried' && event.type !== 'ParkedEventDropped') return undefined;
  const decision = decodeEvent(event);
  if (decision.type !== 'ParkedEventRetried' && decision.type !== 'ParkedEventDropped') return undefined;
  const isAboutIt = decision.projection === parked.projection && isAt(decision.position, parked);
  if (!isAboutIt || comparePositions(position, parked.position) < 0) return undefined;
  return decision.type === 'ParkedEventRetried' ? 'retry' : 'drop';
}

const isAt = (position: EventPosition, parked: Parked): boolean =>
  comparePositions(position, parked.position) === 0;
