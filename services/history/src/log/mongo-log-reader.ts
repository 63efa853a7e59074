import { type CommittedEnvelope, eventsOf } from '@odograph/event-log/committed-envelope';
import type { LogReader, StoredEvent } from '@odograph/event-log/log-reader';
import { Fault } from '@odograph/kernel/fault';
import { comparePositions, type EventPosition, endOfEnvelope } from '@odograph/kernel/position';
import type { LogCollections } from './collections.ts';
import { FREQUENT_TYPES, fromDocument } from './envelope-document.ts';
import { createLedgerStore, type LedgerStore } from './ledger-store.ts';

/** The most envelopes that are read with one query. */
const STRETCH_ENVELOPES = 64;
/** Events after which a stretch ends, so that a reader holds few of them. The size of the next query follows from it. */
const STRETCH_EVENTS = 4_000;

/** Ends queries whose caller has gone. */
const QUERY_TIME_MS = 30_000;

/** Reads the log from MongoDB; the connection (platform/mongo.ts) asks the primary, with majority read concern. */
export interface MongoLogReader extends LogReader {
  /** The last envelope of a partition, without its bytes; undefined if it has none. */
  head(partition: number): Promise<LogHead | undefined>;
  /** The envelopes with these sequences, in any order. Those that do not exist are left out. */
  readEnvelopes(partition: number, sequences: readonly number[]): Promise<readonly CommittedEnvelope[]>;
  /** A subject's events between two positions of its partition, inclusive, in order. */
  readSubject(subject: string, from: EventPosition, through: EventPosition): AsyncIterable<StoredEvent>;
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
  /** Checked before each query, because a partition without a match may be long. */
  readonly signal?: AbortSignal;
}

export function createMongoLogReader(collections: LogCollections): MongoLogReader {
  const queries = createEnvelopeQueries(collections.envelopes);
  const { head, nextEnvelopes, envelopesAfter, readEnvelopes } = queries;
  /** Of each partition: how many envelopes the last stretch would have needed. */
  const stretchSizes = new Map<number, number>();

  const subjectEvents = createSubjectReader({ ...queries, ledger: createLedgerStore(collections) });

  async function* eventsAfter({ after, through, types = [], subject, signal }: MatchQuery) {
    const { partition } = after;
    if (subject !== undefined) {
      const from = { ...after, index: after.index + 1 };
      yield* subjectEvents({ subject, from, through: endOfEnvelope(partition, through), signal });
      return;
    }
    const areRare = types.length > 0 && types.every((type) => !FREQUENT_TYPES.includes(type));
    const query = { partition, after: after.sequence - 1, through, signal };
    for await (const envelope of envelopesAfter({ ...query, ...(areRare && { rareTypes: types }) }))
      yield* eventsOf(envelope).filter(({ position }) => comparePositions(position, after) > 0);
  }

  return {
    head,
    readEnvelopes,
    readSubject: (subject, from, through) => subjectEvents({ subject, from, through }),

    watermark: async (partition) => (await head(partition))?.sequence ?? 0,

    async read(partition, after, through) {
      const events: StoredEvent[] = [];
      let [at, count] = [after, 0];
      const limit = stretchSizes.get(partition) ?? STRETCH_ENVELOPES;
      for (const envelope of await nextEnvelopes({ partition, after, through }, limit)) {
        if (events.length >= STRETCH_EVENTS) break;
        assertLinked(envelope, at, after);
        events.push(...eventsOf(envelope));
        at = envelope.sequence;
        count += 1;
      }
      // Without an envelope there is nothing up to `through`: a repair jumped over these sequences.
      if (count === 0) return { events, through };
      stretchSizes.set(partition, envelopesFor(STRETCH_EVENTS, events.length / count));
      return { events, through: at };
    },

    async *matching(query) {
      const { types = [], limit } = query;
      let left = limit;
      for await (const stored of eventsAfter(query)) {
        if (!hasType(types, stored)) continue;
        yield stored;
        left -= 1;
        if (left <= 0) return;
      }
    },
  };
}

function createEnvelopeQueries(envelopes: LogCollections['envelopes']) {
  async function head(partition: number): Promise<LogHead | undefined> {
    const last = await envelopes.findOne(
      { _id: { $gte: { p: partition, s: 0 }, $lte: { p: partition, s: Number.MAX_SAFE_INTEGER } } },
      { sort: { _id: -1 }, projection: { stored_at: 1 } },
    );
    return last ? { sequence: last._id.s, storedAtMs: last.stored_at.getTime() } : undefined;
  }

  /** The next few envelopes after a sequence, in order. */
  async function nextEnvelopes({ partition, after, through, rareTypes }: EnvelopeQuery, limit: number) {
    const filter = {
      _id: { $gt: { p: partition, s: after }, $lte: { p: partition, s: through } },
      ...(rareTypes && { rare: { $in: [...rareTypes] } }),
    };
    const options = { sort: { _id: 1 }, limit, batchSize: limit, maxTimeMS: QUERY_TIME_MS } as const;
    const documents = await envelopes.find(filter, options).toArray();
    return documents.map(fromDocument);
  }

  /** All envelopes after a sequence, in order. A caller may take as long as it likes: no cursor waits for it. */
  async function* envelopesAfter(query: EnvelopeQuery): AsyncGenerator<CommittedEnvelope, void> {
    for (let { after } = query; ; ) {
      query.signal?.throwIfAborted();
      const next = await nextEnvelopes({ ...query, after }, STRETCH_ENVELOPES);
      yield* next;
      if (next.length < STRETCH_ENVELOPES) return;
      after = next.at(-1)?.sequence ?? after;
    }
  }

  async function readEnvelopes(partition: number, sequences: readonly number[]) {
    if (sequences.length === 0) return [];
    const _id = { $in: sequences.map((s) => ({ p: partition, s })) };
    return (await envelopes.find({ _id }).toArray()).map(fromDocument);
  }

  return { head, nextEnvelopes, envelopesAfter, readEnvelopes };
}

/** How many envelopes have a number of events, if each has as many as the last ones: from 1 to the maximum of a query. */
function envelopesFor(events: number, eventsEach: number): number {
  return Math.min(STRETCH_ENVELOPES, Math.max(1, Math.ceil(events / Math.max(1, eventsEach))));
}

/** Selects the events of a subject between two positions of its partition, inclusive. */
interface SubjectQuery {
  readonly subject: string;
  readonly from: EventPosition;
  readonly through: EventPosition;
  readonly signal?: AbortSignal | undefined;
}

interface SubjectReaderDeps {
  readonly ledger: LedgerStore;
  readonly readEnvelopes: MongoLogReader['readEnvelopes'];
  readonly envelopesAfter: (query: EnvelopeQuery) => AsyncGenerator<CommittedEnvelope, void>;
}

/**
 * Reads a subject's events in order, by the places that the ledger has of them. What the stored ledger does not have yet is at
 * the end of the log.
 */
function createSubjectReader({ ledger, readEnvelopes, envelopesAfter }: SubjectReaderDeps) {
  return async function* ({
    subject,
    from,
    through,
    signal,
  }: SubjectQuery): AsyncGenerator<StoredEvent, void> {
    const { partition } = from;
    const isWanted = ({ position, event }: StoredEvent) =>
      comparePositions(position, from) >= 0 &&
      comparePositions(position, through) <= 0 &&
      event.subject === subject;
    const stored = await ledger.checkpoint(partition);
    const sequences = await ledger.sequencesOf(subject, from.sequence, Math.min(through.sequence, stored));
    for (let at = 0; at < sequences.length; at += STRETCH_ENVELOPES) {
      signal?.throwIfAborted();
      const some = await readEnvelopes(partition, sequences.slice(at, at + STRETCH_ENVELOPES));
      yield* some
        .toSorted((a, b) => a.sequence - b.sequence)
        .flatMap(eventsOf)
        .filter(isWanted);
    }
    const after = Math.max(stored, from.sequence - 1);
    for await (const envelope of envelopesAfter({ partition, after, through: through.sequence, signal }))
      yield* eventsOf(envelope).filter(isWanted);
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
  readonly signal?: AbortSignal | undefined;
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
function hasType(types: readonly string[], { event: { type } }: StoredEvent): boolean {
  return types.length > 0 ? types.includes(type) : type !== 'TimeTicked';
}
