import { decodeEvent, type EventKind, isKnownKind } from '@odograph/contracts/event-catalogue';
import { EncodedEvent } from '@odograph/event-log/encoded-event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { isFault } from '@odograph/kernel/fault';
import { comparePositions, type EventPosition } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { WorkTurn } from '@odograph/platform/work-turn';
import type { Parked } from './checkpoints.ts';
import type { Includes } from './read-model-document.ts';

/** Reads the vehicle's events between two positions, inclusive, from the log: those that waited behind a parked one. */
export type Replay = (from: EventPosition, through: EventPosition) => AsyncIterable<StoredEvent>;

/** Of a text that is stored with a parked event, because all that is parked in a partition shares one document. */
const MAX_CHARACTERS = 200;

interface ParkingOptions {
  /** The name of the projection. */
  readonly projection: string;
  readonly subject: string;
  readonly parked: Parked | undefined;
  /** Where the vehicle's events that are given begin: those up to here are read from the log. */
  readonly after: EventPosition;
  readonly replay: Replay;
  /** Counts the events that are due, and those that wait. */
  readonly turn: WorkTurn;
}

/**
 * Which of a vehicle's events are due in a projection: all, until one is parked. Then it and all later ones wait until an
 * event of the log retries or drops it, or until a program folds them that knows an event that was newer; what waited is read
 * from the log again.
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

  /** The last event that was due is parked. Of its reason and its type the first 200 characters are kept. */
  park(position: EventPosition, reason: string, newer?: EventKind): void {
    const { projection, subject } = this.#options;
    const kind = newer && { ...newer, type: shortened(newer.type) };
    this.#parked = { projection, subject, position, reason: shortened(reason), newer: kind };
  }

  /** Of the events those to apply, in order, with those that waited and wait no longer. */
  async *due(events: Iterable<StoredEvent>): AsyncGenerator<StoredEvent, void> {
    const { parked, after, replay } = this.#options;
    if (parked && isKnownNow(parked)) {
      this.#parked = undefined;
      for await (const waited of replay(parked.position, after)) yield* this.#due([waited]);
    }
    yield* this.#due(events);
  }

  async *#due(events: Iterable<StoredEvent>): AsyncGenerator<StoredEvent, void> {
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
      if (!isDropped && !releaseIn(waited, parked)) yield* this.#due([waited]);
    }
    if (!this.#parked) yield stored;
  }
}

/** No half of a character is left at the end. */
function shortened(text: string): string {
  return text.length > MAX_CHARACTERS ? text.slice(0, MAX_CHARACTERS).toWellFormed() : text;
}

/** Whether this program can decode the parked event, and the one that parked it could not. */
export function isKnownNow({ newer }: Parked): boolean {
  return newer !== undefined && isKnownKind(newer);
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
  const decision = decodeIfPossible(event);
  if (decision?.type !== 'ParkedEventRetried' && decision?.type !== 'ParkedEventDropped') return undefined;
  const isAboutIt = decision.projection === parked.projection && isAt(decision.position, parked);
  if (!isAboutIt || comparePositions(position, parked.position) < 0) return undefined;
  return decision.type === 'ParkedEventRetried' ? 'retry' : 'drop';
}

/** Undefined if it cannot be decoded: then it waits as all other events do. */
function decodeIfPossible(event: StoredEvent['event']): VehicleEvent | undefined {
  try {
    return decodeEvent(event);
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}

const isAt = (position: EventPosition, parked: Parked): boolean =>
  comparePositions(position, parked.position) === 0;
