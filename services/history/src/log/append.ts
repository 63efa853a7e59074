import { type Collection, MongoBulkWriteError, type WriteError } from 'mongodb';
import { encodeConflict } from '@odograph/contracts/event-catalogue';
import { Event, UndecodableReceived } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Fault } from '@odograph/kernel/fault';
import { comparePositions, formatPosition } from '@odograph/kernel/position';
import { type EventDocument, fromDocument, isSameReport, toDocument } from './event-document.ts';

/** What became of a batch. */
export interface Appended {
  /** What the log holds of it now, in order: what is handed on. */
  readonly committed: readonly StoredEvent[];
  /** Events that were there before. */
  readonly duplicates: number;
  /** Reports whose key was there with other content. */
  readonly conflicts: number;
}

/** MongoDB's answers that concern a document itself, so that trying again is no use: bad value, too large. */
const REFUSED_FOR_GOOD: readonly (number | undefined)[] = [2, 10334, 17280];

/**
 * Appends events at their positions and tells from MongoDB's answers what is to be handed on:
 * inserted, or there already with the same content: ours. Under another position: sent twice, or a conflict to record.
 * Refused for good: stored as UndecodableReceived. Any other failure is thrown: unknown, append the same batch again.
 * Throws a Fault CORRUPT_LOG when a position holds something else: the stream is not the one the log knows.
 */
export async function appendEvents(
  events: Collection<EventDocument>,
  batch: readonly StoredEvent[],
): Promise<Appended> {
  if (batch.length === 0) return { committed: [], duplicates: 0, conflicts: 0 };
  const { firsts, repeats } = splitRepeats(batch);
  const held = await insertAll(events, firsts);
  const committed = firsts.filter((event) => !held.has(event));
  const later = await Promise.all(repeats.map(async (event) => ({ event, first: await holderOf(events, event) })));
  const tally = { duplicates: 0, conflicts: 0 };
  for (const { event, holder } of [...held.values(), ...later.map(({ event, first }) => ({ event, holder: first }))]) {
    const handedOn = await settle(events, event, holder, tally);
    if (handedOn) committed.push(handedOn);
  }
  committed.sort((a, b) => comparePositions(a.position, b.position));
  return { committed, ...tally };
}

/** Within a batch the first under a key stands; those that repeat it are looked at after it is stored. */
function splitRepeats(batch: readonly StoredEvent[]): { firsts: StoredEvent[]; repeats: StoredEvent[] } {
  const keys = new Set<string>();
  const split = { firsts: [] as StoredEvent[], repeats: [] as StoredEvent[] };
  for (const stored of batch) {
    const { subject, observedAtMs, reportId, part } = stored.event;
    const key = `${subject}\n${observedAtMs}\n${part}\n${reportId}`;
    (keys.has(key) ? split.repeats : split.firsts).push(stored);
    keys.add(key);
  }
  return split;
}

interface Held {
  readonly event: StoredEvent;
  /** What MongoDB holds in its place; undefined when it refused the document for good. */
  readonly holder: StoredEvent | undefined;
}

/** Inserts, and gives those that MongoDB did not take with what it holds in their place. */
async function insertAll(
  events: Collection<EventDocument>,
  batch: readonly StoredEvent[],
): Promise<Map<StoredEvent, Held>> {
  const held = new Map<StoredEvent, Held>();
  for (const error of await insertUnordered(events, batch)) {
    const event = batch[error.index] as StoredEvent;
    if (error.code === 11000) held.set(event, { event, holder: await holderOf(events, event) });
    else if (REFUSED_FOR_GOOD.includes(error.code)) held.set(event, { event, holder: undefined });
    else throw new Fault('UNAVAILABLE', `MongoDB did not take ${formatPosition(event.position)}: ${error.errmsg}`);
  }
  return held;
}

async function insertUnordered(
  events: Collection<EventDocument>,
  batch: readonly StoredEvent[],
): Promise<readonly WriteError[]> {
  try {
    await events.insertMany(batch.map(toDocument), { ordered: false });
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const errors = [error.writeErrors].flat();
    if (errors.length === 0 || error.result.getWriteConcernError()) throw error;
    return errors;
  }
}

/** What the log holds at an event's position, else under its key. */
async function holderOf(events: Collection<EventDocument>, { position, event }: StoredEvent): Promise<StoredEvent> {
  const atPosition = await events.findOne({ _id: { p: position.partition, s: position.sequence, i: position.index } });
  const holder =
    atPosition ??
    (await events.findOne({
      subject: event.subject,
      observed_at: new Date(event.observedAtMs),
      report_id: event.reportId,
      part: event.part,
    }));
  if (!holder) throw new Fault('UNAVAILABLE', `what holds the key of ${formatPosition(position)} is gone; look again`);
  return fromDocument(holder);
}

/** Decides what becomes of an event whose place or key was taken; gives what is to be handed on, if anything. */
async function settle(
  events: Collection<EventDocument>,
  event: StoredEvent,
  holder: StoredEvent | undefined,
  tally: { duplicates: number; conflicts: number },
): Promise<StoredEvent | undefined> {
  if (!holder) return insertInstead(events, asUndecodable(event, 'MongoDB refused the document'));
  if (comparePositions(holder.position, event.position) === 0) {
    if (isSameReport(holder.event, event.event) || holder.event.type === 'UndecodableReceived') return holder;
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
  const holder = await holderOf(events, event);
  return comparePositions(holder.position, event.position) === 0 ? holder : undefined;
}

/** A report under a taken key becomes an event of its own, under a key made from its content, so that it too lands once. */
export function asConflict({ position, event }: StoredEvent, holder: StoredEvent): StoredEvent {
  const contentNumber = Buffer.from(event.contentHash).readUIntBE(0, 6);
  return {
    position,
    event: { ...event, ...encodeConflict(event, holder.position), part: 2 + contentNumber * 2 + event.part },
  };
}

/** What cannot be stored as what it claims to be is kept with its bytes, so that nothing acknowledged is lost. */
export function asUndecodable({ position, event }: StoredEvent, reason: string): StoredEvent {
  return undecodable(position, event.receivedAtMs, reason, Event.encode(event).finish());
}

const MAX_RAW_BYTES = 1024 * 1024;

/** The event that stands for bytes nobody can read. */
export function undecodable(
  position: StoredEvent['position'],
  receivedAtMs: number,
  reason: string,
  raw: Uint8Array,
): StoredEvent {
  return {
    position,
    event: Event.create({
      type: 'UndecodableReceived',
      version: 1,
      subject: `log/${position.partition}`,
      observedAtMs: receivedAtMs,
      reportId: formatPosition(position),
      part: 0,
      receivedAtMs,
      contentHash: Buffer.alloc(16),
      payload: UndecodableReceived.encode({ reason, raw: raw.subarray(0, MAX_RAW_BYTES) }).finish(),
    }),
  };
}
