import { type CommittedEnvelope, eventsOf } from '@odograph/event-log/committed-envelope';
import type { LogReader, StoredEvent } from '@odograph/event-log/log-reader';
import { unpackedLength } from '@odograph/event-log/packed-envelope';
import { Fault } from '@odograph/kernel/fault';
import { comparePositions, type EventPosition, endOfEnvelope } from '@odograph/kernel/position';
import { WorkTurn } from '@odograph/platform/work-turn';
import type { Filter } from 'mongodb';
import type { LogCollections } from './collections.ts';
import { type EnvelopeDocument, FREQUENT_TYPES, fromDocument } from './envelope-document.ts';
import { createLedgerStore, type LedgerStore } from './ledger-store.ts';

/** The most envelopes that are read with one query, and those of the first one, before their size is known. */
const STRETCH_ENVELOPES = 64;
const FIRST_ENVELOPES = 8;
/**
 * Events and unpacked bytes after which a stretch ends: it has at most an envelope more. The size of the next query follows
 * from them.
 */
export interface StretchSize {
  readonly events: number;
  readonly bytes: number;
}

/** For the views, also while a query folds what waited behind a parked event. */
export const STRETCH_OF_A_VIEW: StretchSize = { events: 4_000, bytes: 4 * 1024 * 1024 };
/** For streams of `Read` and `Subscribe`: each may hold a stretch for as long as its client takes nothing. */
export const STRETCH_OF_A_STREAM: StretchSize = { events: 2_000, bytes: 1024 * 1024 };

/** Ends queries whose caller has gone. */
export const QUERY_TIME_MS = 10_000;

/** Reads the log from MongoDB; the connection (platform/mongo.ts) asks the primary, with majority read concern. */
export interface MongoLogReader extends LogReader {
  /** The last envelope of a partition, without its bytes; undefined if it has none. */
  head(partition: number): Promise<LogHead | undefined>;
  /** The envelopes with these sequences, in any order. Those that do not exist are left out. */
  readEnvelopes(partition: number, sequences: readonly number[]): Promise<readonly CommittedEnvelope[]>;
  /** A subject's events between two positions of its partition, inclusive, in order. */
  readSubject(query: SubjectQuery): AsyncIterable<StoredEvent>;
  /** Matching events after a position and up to a sequence, in order. */
  matching(query: MatchQuery): AsyncGenerator<StoredEvent, void>;
}

/** The end of a partition's log. */
export interface LogHead {
  readonly sequence: number;
  readonly storedAtMs: number;
}

/** Selects events of a partition. */
export interface MatchQuery {
  /** Only events after this one. */
  readonly after: EventPosition;
  /** Only events up to this sequence, inclusive. */
  readonly through: number;
  /** Only these types; if empty, all types but TimeTicked. */
  readonly types?: readonly string[];
  readonly subject?: string;
  /** At least 1. */
  readonly limit: number;
  /** Checked before each query and in each turn, because a partition without a match may be long. */
  readonly signal?: AbortSignal;
}

export function createMongoLogReader(collections: LogCollections, size = STRETCH_OF_A_VIEW): MongoLogReader {
  const queries = createEnvelopeQueries(collections.envelopes, size);
  const { head, nextEnvelopes, envelopesAfter, readEnvelopes } = queries;
  /** Of each partition: how many envelopes the last stretch would have needed. */
  const stretchSizes = new Map<number, number>();

  const subjectEvents = createSubjectReader({ ...queries, size, ledger: createLedgerStore(collections) });

  async function* eventsAfter({ after, through, types = [], subject }: MatchQuery, turn: WorkTurn) {
    const { partition } = after;
    if (subject !== undefined) {
      const from = { ...after, index: after.index + 1 };
      yield* subjectEvents({ subject, from, through: endOfEnvelope(partition, through), turn });
      return;
    }
    const areRare = types.length > 0 && types.every((type) => !FREQUENT_TYPES.includes(type));
    const query = { partition, after: after.sequence - 1, through, turn };
    for await (const envelope of envelopesAfter({ ...query, ...(areRare && { rareTypes: types }) }))
      yield* (await opened(envelope, turn)).filter(({ position }) => comparePositions(position, after) > 0);
  }

  return {
    head,
    readEnvelopes,
    readSubject: subjectEvents,

    watermark: async (partition) => (await head(partition))?.sequence ?? 0,

    async read(partition, after, through) {
      const events: StoredEvent[] = [];
      let [at, count, bytes] = [after, 0, 0];
      const turn = new WorkTurn();
      const limit = stretchSizes.get(partition) ?? FIRST_ENVELOPES;
      const { envelopes } = await nextEnvelopes({ partition, after, through, turn }, limit);
      for (const envelope of envelopes) {
        if (events.length >= size.events) break;
        assertLinked(envelope, at, after);
        events.push(...(await opened(envelope, turn)));
        at = envelope.sequence;
        count += 1;
        bytes += unpackedLength(envelope.bytes);
      }
      // Without an envelope there is nothing up to `through`: a repair jumped over these sequences.
      if (count === 0) return { events, through };
      stretchSizes.set(partition, envelopesFor(size, count, { events: events.length, bytes }));
      return { events, through: at };
    },

    async *matching(query) {
      const types = new Set(query.types);
      const turn = new WorkTurn(query.signal);
      let left = query.limit;
      for await (const stored of eventsAfter(query, turn)) {
        if (turn.isOver()) await turn.next();
        if (!hasType(types, stored)) continue;
        yield stored;
        left -= 1;
        if (left <= 0) return;
      }
    },
  };
}

function createEnvelopeQueries(envelopes: LogCollections['envelopes'], size: StretchSize) {
  async function head(partition: number): Promise<LogHead | undefined> {
    const last = await envelopes.findOne(
      { _id: { $gte: { p: partition, s: 0 }, $lte: { p: partition, s: Number.MAX_SAFE_INTEGER } } },
      { sort: { _id: -1 }, projection: { stored_at: 1 } },
    );
    return last ? { sequence: last._id.s, storedAtMs: last.stored_at.getTime() } : undefined;
  }

  /** The next few envelopes after a sequence, in order: as many as a query may give, or as a stretch may have. */
  async function nextEnvelopes(
    { partition, after, through, rareTypes }: EnvelopeQuery,
    limit: number,
  ): Promise<Stretch> {
    const _id = { $gt: { p: partition, s: after }, $lte: { p: partition, s: through } };
    return await readStretch({ _id, ...(rareTypes && { rare: { $in: [...rareTypes] } }) }, limit);
  }

  /** The first of the envelopes with these sequences, which are in order, as many as a stretch may have. */
  function firstOf(partition: number, sequences: readonly number[]): Promise<Stretch> {
    return readStretch({ _id: { $in: keysOf(partition, sequences) } }, sequences.length);
  }

  async function readStretch(filter: Filter<EnvelopeDocument>, limit: number): Promise<Stretch> {
    const options = { sort: { _id: 1 }, limit, batchSize: limit, maxTimeMS: QUERY_TIME_MS } as const;
    const found: CommittedEnvelope[] = [];
    let bytes = 0;
    for await (const document of envelopes.find(filter, options)) {
      const envelope = fromDocument(document);
      found.push(envelope);
      bytes += unpackedLength(envelope.bytes);
      if (bytes >= size.bytes) return { envelopes: found, bytes, isCut: true };
    }
    return { envelopes: found, bytes, isCut: false };
  }

  /** All envelopes after a sequence, in order. A caller may take as long as it likes: no cursor waits for it. */
  async function* envelopesAfter(query: EnvelopeQuery): AsyncGenerator<CommittedEnvelope, void> {
    let limit = FIRST_ENVELOPES;
    for (let { after } = query; ; ) {
      query.turn.throwIfAborted();
      const { envelopes: next, bytes, isCut } = await nextEnvelopes({ ...query, after }, limit);
      yield* next;
      if (!isCut && next.length < limit) return;
      after = next.at(-1)?.sequence ?? after;
      limit = envelopesFor(size, next.length, { bytes });
    }
  }

  async function readEnvelopes(partition: number, sequences: readonly number[]) {
    if (sequences.length === 0) return [];
    const _id = { $in: keysOf(partition, sequences) };
    return (await envelopes.find({ _id }).toArray()).map(fromDocument);
  }

  return { head, nextEnvelopes, firstOf, envelopesAfter, readEnvelopes };
}

const keysOf = (partition: number, sequences: readonly number[]) =>
  sequences.map((s) => ({ p: partition, s }));

/** Envelopes that were read with one query. */
interface Stretch {
  readonly envelopes: readonly CommittedEnvelope[];
  /** When they are unpacked. */
  readonly bytes: number;
  /** Whether it ends because of its bytes: there may be others. */
  readonly isCut: boolean;
}

/** How many envelopes make a stretch, if they are like the last ones: from 1 to the maximum of a query. */
function envelopesFor(
  size: StretchSize,
  count: number,
  { events = 0, bytes }: Partial<StretchSize> & { bytes: number },
): number {
  const stretches = Math.max(events / size.events, bytes / size.bytes);
  return Math.min(STRETCH_ENVELOPES, Math.ceil(count / stretches) || STRETCH_ENVELOPES);
}

/** The events of an envelope. Opening one takes as long as to decode its bytes. */
async function opened(envelope: CommittedEnvelope, turn: WorkTurn): Promise<readonly StoredEvent[]> {
  if (turn.isOver(unpackedLength(envelope.bytes))) await turn.next();
  return eventsOf(envelope);
}

/** Selects the events of a subject between two positions of its partition, inclusive. */
export interface SubjectQuery {
  readonly subject: string;
  readonly from: EventPosition;
  readonly through: EventPosition;
  /** Of the work that the events are read for. */
  readonly turn: WorkTurn;
}

interface SubjectReaderDeps {
  readonly size: StretchSize;
  readonly ledger: LedgerStore;
  readonly firstOf: (partition: number, sequences: readonly number[]) => Promise<Stretch>;
  readonly envelopesAfter: (query: EnvelopeQuery) => AsyncGenerator<CommittedEnvelope, void>;
}

/**
 * Reads a subject's events in order, by the places that the ledger has of them. What the stored ledger does not have yet is at
 * the end of the log.
 */
function createSubjectReader({ size, ledger, firstOf, envelopesAfter }: SubjectReaderDeps) {
  /** The envelopes with events of the subject that the stored ledger has. */
  async function* storedEnvelopes({ subject, from, through, turn }: SubjectQuery) {
    let limit = FIRST_ENVELOPES;
    for (let next = from.sequence; ; ) {
      const sequences = await ledger.sequencesOf(subject, next, through.sequence, turn);
      if (sequences.length === 0) return;
      for (let at = 0; at < sequences.length; ) {
        turn.throwIfAborted();
        const { envelopes, bytes, isCut } = await firstOf(from.partition, sequences.slice(at, at + limit));
        yield* envelopes;
        at = isCut ? sequences.indexOf(envelopes.at(-1)?.sequence ?? 0, at) + 1 : at + limit;
        limit = envelopesFor(size, envelopes.length, { bytes });
      }
      next = (sequences.at(-1) ?? next) + 1;
    }
  }

  return async function* (query: SubjectQuery): AsyncGenerator<StoredEvent, void> {
    const { subject, from, through, turn } = query;
    const { partition } = from;
    const isWanted = ({ position, event }: StoredEvent) =>
      comparePositions(position, from) >= 0 &&
      comparePositions(position, through) <= 0 &&
      event.subject === subject;
    const stored = await ledger.checkpoint(partition);
    const inLedger = endOfEnvelope(partition, Math.min(through.sequence, stored));
    for await (const envelope of storedEnvelopes({ ...query, through: inLedger }))
      yield* (await opened(envelope, turn)).filter(isWanted);
    const after = Math.max(stored, from.sequence - 1);
    for await (const envelope of envelopesAfter({ partition, after, through: through.sequence, turn }))
      yield* (await opened(envelope, turn)).filter(isWanted);
  };
}

interface EnvelopeQuery {
  readonly partition: number;
  /** Only envelopes above this sequence. */
  readonly after: number;
  /** Only envelopes up to this sequence, inclusive. */
  readonly through: number;
  /** Only envelopes with an event of these types. */
  readonly rareTypes?: readonly string[];
  /** Of the work that they are read for. */
  readonly turn: WorkTurn;
}

/** Every envelope follows the one before it. The first one that is read may follow one below the start. */
function assertLinked(
  { partition, sequence, previousSequence }: CommittedEnvelope,
  at: number,
  start: number,
): void {
  if (previousSequence === at || (at === start && previousSequence < start)) return;
  const message = `envelope ${partition}/${sequence} of the log follows ${previousSequence}, but ${at} was read before it`;
  throw new Fault('CORRUPT_LOG', message);
}

/** Without types, ticks are left out. */
function hasType(types: ReadonlySet<string>, { event: { type } }: StoredEvent): boolean {
  return types.size > 0 ? types.has(type) : type !== 'TimeTicked';
}
