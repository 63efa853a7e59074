import { createHash } from 'node:crypto';
import { encodeConflict, encodeEvent } from '@odograph/contracts/event-catalogue';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
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
import { logSubjectId } from './log-subject.ts';

/** What became of a batch. */
export interface Appended {
  /** What the log holds of it now, in order: what is handed on. */
  readonly committed: readonly StoredEvent[];
  /** Events that were there before, or repeat one of the same batch. */
  readonly duplicates: number;
  /** Reports whose key was there with other content. */
  readonly conflicts: number;
}

/** MongoDB's answers that concern a document itself, so that trying again is no use: bad value, too large. */
const REFUSED_FOR_GOOD: readonly (number | undefined)[] = [2, 10334, 17280];

/**
 * Appends events at their positions and tells from MongoDB's answers what is to be handed on:
 * inserted, or there already with the same content: ours. Under another position, perhaps of the same batch: sent twice, or
 * a conflict to record.
 * Refused for good: stored as UndecodableReceived. Any other failure is thrown: unknown, append the same batch again.
 * Throws a Fault CORRUPT_LOG when a position holds something else: the stream is not the one the log knows.
 */
export async function appendEvents(
  events: Collection<EventDocument>,
  batch: readonly StoredEvent[],
): Promise<Appended> {
  if (batch.length === 0) return { committed: [], duplicates: 0, conflicts: 0 };
  const held = await insertAll(events, batch);
  if (held.size === 0) return { committed: batch, duplicates: 0, conflicts: 0 };
  const committed = batch.filter((event) => !held.has(event));
  const tally = { duplicates: 0, conflicts: 0 };
  for (const [event, holder] of held) {
    const handedOn = await settle(events, event, holder, tally);
    if (handedOn) committed.push(handedOn);
  }
  committed.sort((a, b) => comparePositions(a.position, b.position));
  return { committed, ...tally };
}

/** What MongoDB holds in the place of an event; undefined where it refused the event for good. */
type Holders = Map<StoredEvent, StoredEvent | undefined>;

/** Inserts, and gives those that MongoDB did not take with what it holds in their place. */
async function insertAll(events: Collection<EventDocument>, batch: readonly StoredEvent[]): Promise<Holders> {
  const taken: StoredEvent[] = [];
  const refused: Holders = new Map();
  for (const error of await insertUnordered(events, batch)) {
    const event = batch[error.index] as StoredEvent;
    if (error.code === 11000) taken.push(event);
    else if (REFUSED_FOR_GOOD.includes(error.code)) refused.set(event, undefined);
    else
      throw new Fault(
        'UNAVAILABLE',
        `MongoDB did not take ${formatPosition(event.position)}: ${error.errmsg}`,
      );
  }
  return new Map([...(await holdersOf(events, taken)), ...refused]);
}

/** What MongoDB says of a document that it did not take. */
interface InsertError {
  /** Its place in the batch. */
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
}

interface InsertAnswer {
  readonly writeErrors?: readonly InsertError[];
  readonly writeConcernError?: { readonly errmsg: string };
}

/** An `insert` by its own command: the driver's `insertMany` measures every document before it sends it. */
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
    throw new Fault('UNAVAILABLE', `MongoDB did not confirm: ${writeConcernError.errmsg}`);
  return writeErrors;
}

/**
 * A document that is made when the driver writes it: those of a batch would live until MongoDB has answered, and what lives
 * so long costs the garbage collector more than making it.
 */
export function asLateDocument(stored: StoredEvent) {
  return { toBSON: () => toDocument(stored) };
}

/** What the log holds at each event's position, else under its key. */
async function holdersOf(events: Collection<EventDocument>, taken: readonly StoredEvent[]): Promise<Holders> {
  if (taken.length === 0) return new Map();
  const atPosition = new Map<string, StoredEvent>();
  for await (const document of events.find({
    _id: { $in: taken.map(({ position }) => keyOfPosition(position)) },
  })) {
    const stored = fromDocument(document);
    atPosition.set(formatPosition(stored.position), stored);
  }
  const elsewhere = taken.filter(({ position }) => !atPosition.has(formatPosition(position)));
  const underKey = await holdersByKey(events, elsewhere);
  return new Map(
    taken.map((event) => {
      const holder = atPosition.get(formatPosition(event.position)) ?? underKey.get(reportKeyOf(event));
      if (holder) return [event, holder];
      throw new Fault(
        'UNAVAILABLE',
        `what holds the key of ${formatPosition(event.position)} is gone; look again`,
      );
    }),
  );
}

/** Keys looked up with one query. */
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

/** Decides what becomes of an event whose place or key was taken; gives what is to be handed on, if anything. */
async function settle(
  events: Collection<EventDocument>,
  event: StoredEvent,
  holder: StoredEvent | undefined,
  tally: { duplicates: number; conflicts: number },
): Promise<StoredEvent | undefined> {
  if (!holder)
    return insertInstead(
      events,
      asUndecodable(event, 'MongoDB refused the document', event.event.receivedAtMs),
    );
  if (comparePositions(holder.position, event.position) === 0) {
    if (isSameReport(holder.event, event.event)) return holder;
    throw new Fault(
      'CORRUPT_LOG',
      `${formatPosition(event.position)} holds another event: the stream is not the one the log knows`,
    );
  }
  if (isSameReport(holder.event, event.event)) {
    tally.duplicates += 1;
    return undefined;
  }
  const recorded = await insertInstead(events, asConflict(event, holder));
  if (recorded) tally.conflicts += 1;
  else tally.duplicates += 1;
  return recorded;
}

/** Inserts at the event's own position; undefined when the same stands elsewhere already. */
async function insertInstead(
  events: Collection<EventDocument>,
  event: StoredEvent,
): Promise<StoredEvent | undefined> {
  const [error] = await insertUnordered(events, [event]);
  if (!error) return event;
  if (error.code !== 11000) {
    throw new Fault('UNAVAILABLE', `MongoDB did not take ${formatPosition(event.position)}: ${error.errmsg}`);
  }
  const holder = (await holdersOf(events, [event])).get(event);
  return holder && comparePositions(holder.position, event.position) === 0 ? holder : undefined;
}

/** A report under a taken key becomes an event of its own, under a key made from its content, so that it too lands once. */
function asConflict({ position, event }: StoredEvent, holder: StoredEvent): StoredEvent {
  const contentNumber = Buffer.from(event.contentHash).readUIntBE(0, 6);
  return {
    position,
    event: { ...event, ...encodeConflict(event, holder.position), part: 2 + contentNumber * 2 + event.part },
  };
}

/** What cannot be stored as what it claims to be is kept with its bytes, so that nothing acknowledged is lost. */
export function asUndecodable(
  { position, event }: StoredEvent,
  reason: string,
  receivedAtMs: number,
): StoredEvent {
  return undecodable(position, receivedAtMs, reason, Event.encode(event).finish());
}

/** So that its broadcast stays under the payload limit of NATS. */
const MAX_RAW_BYTES = 512 * 1024;

/** The event that stands for bytes nobody can read. The same bytes are the same event, wherever they come again. */
export function undecodable(
  position: StoredEvent['position'],
  receivedAtMs: number,
  reason: string,
  raw: Uint8Array,
): StoredEvent {
  const digest = createHash('sha256').update(raw).digest();
  const reportId = digest.toString('hex');
  const head = { subject: logSubjectId(position.partition), reportId, observedAtMs: 0, receivedAtMs };
  const kept = raw.subarray(0, MAX_RAW_BYTES);
  const contentHash = digest.subarray(0, 16);
  return {
    position,
    event: encodeEvent({ type: 'UndecodableReceived', ...head, reason, raw: kept }, { contentHash }),
  };
}
