import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Fault } from '@odograph/kernel/fault';
import { comparePositions, formatPosition } from '@odograph/kernel/position';
import type { Collection } from 'mongodb';
import {
  type EventDocument,
  fromDocument,
  isSameReport,
  keyOfPosition,
  toDocument,
} from './event-document.ts';
import { conflictOf, undecodableEvent } from './substitute-events.ts';

/** The result of appending a batch. */
export interface Appended {
  /** The events of the batch that the log has now, in order. They are broadcast. */
  readonly committed: readonly StoredEvent[];
  /** Events that the log already had, or that repeat one of the same batch. */
  readonly duplicates: number;
  /** Reports whose key the log already had with other content. */
  readonly conflicts: number;
}

/** MongoDB's error codes about the document itself (bad value, too large): a retry cannot succeed. */
const REFUSED_FOR_GOOD: readonly (number | undefined)[] = [2, 10334, 17280];

/**
 * Appends events at their positions. An event counts as appended if the insert succeeds, or if its position already holds
 * the same content. If its key exists at another position, it is a duplicate (same content) or a conflict (other content).
 * If MongoDB refuses its document, it is stored as UndecodableReceived.
 * Throws a Fault CORRUPT_LOG if a position holds another event. After any other fault, append the same batch again.
 */
export async function appendEvents(
  events: Collection<EventDocument>,
  batch: readonly StoredEvent[],
): Promise<Appended> {
  if (batch.length === 0) return { committed: [], duplicates: 0, conflicts: 0 };
  const held = await insertAll(events, batch);
  if (held.size === 0) return { committed: batch, duplicates: 0, conflicts: 0 };
  const committed = batch.filter((event) => !held.has(event));
  const counts = { duplicates: 0, conflicts: 0 };
  for (const [event, holder] of held) {
    const stored = await resolveHeld(events, event, holder, counts);
    if (stored) committed.push(stored);
  }
  committed.sort((a, b) => comparePositions(a.position, b.position));
  return { committed, ...counts };
}

/** For each event that was not inserted: the event that has its position or key; undefined if MongoDB refused its document. */
type Holders = Map<StoredEvent, StoredEvent | undefined>;

/** Inserts a batch; gives the events that were not inserted, each with its holder. */
async function insertAll(events: Collection<EventDocument>, batch: readonly StoredEvent[]): Promise<Holders> {
  const existing: StoredEvent[] = [];
  const refused: Holders = new Map();
  for (const error of await insertUnordered(events, batch)) {
    const event = batch[error.index] as StoredEvent;
    if (error.code === 11000) existing.push(event);
    else if (REFUSED_FOR_GOOD.includes(error.code)) refused.set(event, undefined);
    else
      throw new Fault(
        'UNAVAILABLE',
        `MongoDB did not insert event ${formatPosition(event.position)}: ${error.errmsg}`,
      );
  }
  return new Map([...(await holdersOf(events, existing)), ...refused]);
}

/** MongoDB's error about one document of an insert. */
interface InsertError {
  /** The document's index in the batch. */
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
}

interface InsertAnswer {
  readonly writeErrors?: readonly InsertError[];
  readonly writeConcernError?: { readonly errmsg: string };
}

/** Uses the `insert` command, because the driver's `insertMany` measures every document before it sends it. */
async function insertUnordered(
  events: Collection<EventDocument>,
  batch: readonly StoredEvent[],
): Promise<readonly InsertError[]> {
  const { writeErrors = [], writeConcernError } = (await events.db.command({
    insert: events.collectionName,
    documents: batch.map(asLateDocument),
    ordered: false,
    writeConcern: { w: 'majority', j: true },
  })) as InsertAnswer;
  if (writeConcernError)
    throw new Fault('UNAVAILABLE', `MongoDB did not confirm the insert: ${writeConcernError.errmsg}`);
  return writeErrors;
}

/**
 * A document that is made when the driver serializes it. Documents made before would live until MongoDB answers, and that
 * costs the garbage collector more than making them.
 */
export function asLateDocument(stored: StoredEvent) {
  return { toBSON: () => toDocument(stored) };
}

/** The event that the log has at each event's position, or else under its key. */
async function holdersOf(
  events: Collection<EventDocument>,
  existing: readonly StoredEvent[],
): Promise<Holders> {
  if (existing.length === 0) return new Map();
  const atPosition = new Map<string, StoredEvent>();
  for await (const document of events.find({
    _id: { $in: existing.map(({ position }) => keyOfPosition(position)) },
  })) {
    const stored = fromDocument(document);
    atPosition.set(formatPosition(stored.position), stored);
  }
  const elsewhere = existing.filter(({ position }) => !atPosition.has(formatPosition(position)));
  const underKey = await holdersByKey(events, elsewhere);
  return new Map(
    existing.map((event) => {
      const holder = atPosition.get(formatPosition(event.position)) ?? underKey.get(reportKeyOf(event));
      if (holder) return [event, holder];
      throw new Fault(
        'UNAVAILABLE',
        `the event with the key of ${formatPosition(event.position)} no longer exists: append the batch again`,
      );
    }),
  );
}

/** Keys in one query. */
const KEYS_AT_ONCE = 500;

async function holdersByKey(
  events: Collection<EventDocument>,
  wanted: readonly StoredEvent[],
): Promise<Map<string, StoredEvent>> {
  const holders = new Map<string, StoredEvent>();
  for (let at = 0; at < wanted.length; at += KEYS_AT_ONCE) {
    const keys = wanted.slice(at, at + KEYS_AT_ONCE).map(({ event }) => ({
      subject: event.subject,
      observed_at: new Date(event.observedAtMs),
      report_id: event.reportId,
      part: event.part,
    }));
    for await (const document of events.find({ $or: keys })) {
      const stored = fromDocument(document);
      holders.set(reportKeyOf(stored), stored);
    }
  }
  return holders;
}

/** The unique key of an event, as text. */
function reportKeyOf({ event }: StoredEvent): string {
  return `${event.subject}\n${event.observedAtMs}\n${event.part}\n${event.reportId}`;
}

/** Stores an event that was not inserted as what it is; gives the stored event, or undefined for a duplicate. */
async function resolveHeld(
  events: Collection<EventDocument>,
  event: StoredEvent,
  holder: StoredEvent | undefined,
  counts: { duplicates: number; conflicts: number },
): Promise<StoredEvent | undefined> {
  if (!holder) {
    const { receivedAtMs } = event.event;
    return insertInstead(events, undecodableEvent(event, 'MongoDB refused the document', receivedAtMs));
  }
  if (comparePositions(holder.position, event.position) === 0) {
    if (isSameReport(holder.event, event.event)) return holder;
    throw new Fault(
      'CORRUPT_LOG',
      `position ${formatPosition(event.position)} of the log holds another event than the stream`,
    );
  }
  if (isSameReport(holder.event, event.event)) {
    counts.duplicates += 1;
    return undefined;
  }
  const conflict = await insertInstead(events, conflictOf(event, holder));
  if (conflict) counts.conflicts += 1;
  else counts.duplicates += 1;
  return conflict;
}

/** Inserts a substitute at the event's position; undefined if the log already has it at another position. */
async function insertInstead(
  events: Collection<EventDocument>,
  event: StoredEvent,
): Promise<StoredEvent | undefined> {
  const [error] = await insertUnordered(events, [event]);
  if (!error) return event;
  if (error.code !== 11000) {
    throw new Fault(
      'UNAVAILABLE',
      `MongoDB did not insert event ${formatPosition(event.position)}: ${error.errmsg}`,
    );
  }
  const holder = (await holdersOf(events, [event])).get(event);
  return holder && comparePositions(holder.position, event.position) === 0 ? holder : undefined;
}
