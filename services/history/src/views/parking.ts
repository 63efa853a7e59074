import { decodeEvent } from '@odograph/contracts/event-catalogue';
import { EncodedEvent } from '@odograph/event-log/encoded-event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { comparePositions, type EventPosition } from '@odograph/kernel/position';
import type { WorkTurn } from '@odograph/platform/work-turn';
import type { Parked } from './checkpoints.ts';
import type { Includes } from './read-model-store.ts';

/** Reads the vehicle's events between two positions, inclusive, from the log: those that waited behind a parked one. */
export type Replay = (from: EventPosition, through: EventPosition) => AsyncIterable<StoredEvent>;

interface ParkingOptions {
  /** The name of the projection. */
  readonly projection: string;
  readonly subject: string;
  readonly parked: Parked | undefined;
  readonly replay: Replay;
  /** Counts the events that are due, and those that wait. */
  readonly turn: WorkTurn;
}

/**
 * Which of a vehicle's events are due in a projection: all, until one is parked. Then it and all later ones wait until an
 * event of the log retries or drops it; what waited is read from the log again.
 */
export class Parking {
  readonly #options: ParkingOptions;
  #parked: Parked | undefined;

  constructor(options: ParkingOptions) {
    this.#options = options;
    this.#parked = options.parked;
  }

  get parked(): Parked | undefined {
    return this.#parked;
  }

  /** The last event that was due is parked. */
  park(position: EventPosition, reason: string): void {
    const { projection, subject } = this.#options;
    this.#parked = { projection, subject, position, reason };
  }

  /** Of these events those to apply, in order, with those that they release. */
  async *due(events: Iterable<StoredEvent>): AsyncGenerator<StoredEvent, void> {
    const { turn } = this.#options;
    for (const stored of events) {
      if (turn.isOver(bytesOf(stored))) await turn.next();
      if (this.#parked) yield* this.#releasedBy(stored, this.#parked);
      else yield stored;
    }
  }

  /** What waited before an event, and then the event itself, if it releases the parked one and none of them is parked again. */
  async *#releasedBy(stored: StoredEvent, parked: Parked): AsyncGenerator<StoredEvent, void> {
    const release = releaseIn(stored, parked);
    if (!release) return;
    this.#parked = undefined;
    const before = { ...stored.position, index: stored.position.index - 1 };
    for await (const waited of this.#options.replay(parked.position, before)) {
      const isDropped = release === 'drop' && isAt(waited.position, parked);
      // Earlier decisions about the same event are left out: each of them would start a replay of its own.
      if (!isDropped && !releaseIn(waited, parked)) yield* this.due([waited]);
    }
    if (!this.#parked) yield stored;
  }
}

/** The last position that a slice includes: the end of the folded envelopes, or just before the parked event. */
export function includesUpTo(envelope: EventPosition, parked: Parked | undefined): Includes {
  if (!parked) return { s: envelope.sequence, i: envelope.index };
  return { s: parked.position.sequence, i: parked.position.index - 1 };
}

/** What it takes to decode an event; 0 if it is decoded. */
export function bytesOf(stored: StoredEvent): number {
  return stored instanceof EncodedEvent ? stored.length : 0;
}

/** Whether an event releases the parked one, by a retry or by a drop. */
function releaseIn({ event, position }: StoredEvent, parked: Parked): 'retry' | 'drop' | undefined {
  if (event.type !== 'ParkedEventRetried' && event.type !== 'ParkedEventDropped') return undefined;
  const decision = decodeEvent(event);
  if (decision.type !== 'ParkedEventRetried' && decision.type !== 'ParkedEventDropped') return undefined;
  const isAboutIt = decision.projection === parked.projection && isAt(decision.position, parked);
  if (!isAboutIt || comparePositions(position, parked.position) < 0) return undefined;
  return decision.type === 'ParkedEventRetried' ? 'retry' : 'drop';
}

const isAt = (position: EventPosition, parked: Parked): boolean =>
  comparePositions(position, parked.position) === 0;
