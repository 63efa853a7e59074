import { eventsAt } from '@odograph/event-log/committed-envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import type { EventPosition } from '@odograph/kernel/position';
import { LRUCache } from 'lru-cache';
import type { Place } from '../domain/ledger/entries.ts';
import type { JudgedEvent } from '../domain/ledger/fate.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';

/** Envelopes read with one query: at most 8 MiB, and each is opened alone. */
const ENVELOPES_AT_ONCE = 16;

/** Events that are kept for the next batches, of all partitions together: ten times those of the largest batch, at most 15 MB. */
const MAX_KEPT = 20_000;

/** What others are compared with of an event of the log. It keeps none of the bytes of its envelope alive. */
export interface Holder extends JudgedEvent {
  readonly position: EventPosition;
}

/** Events that were read before. A client may send the same reports again and again, and the log does not change. */
export type KeptHolders = LRUCache<string, Holder>;

/** Shared by the ledgers of a process. */
export function createKeptHolders(): KeptHolders {
  return new LRUCache({ max: MAX_KEPT });
}

let created = 0;

/**
 * The events of a partition's log that others are compared with. Of the envelopes that are judged now, and of those that
 * were judged just before, MongoDB may have nothing yet: their events are in memory.
 */
export class Holders {
  readonly #partition: number;
  readonly #reader: Pick<MongoLogReader, 'readEnvelopes'>;
  #before = new Map<number, readonly StoredEvent[]>();
  #now = new Map<number, readonly StoredEvent[]>();
  /** Events that were read for the batch that is judged now; undefined: the log has no such event. */
  #read = new Map<string, Holder | undefined>();
  readonly #kept: KeptHolders;
  /** Nothing is believed that was kept for another ledger of the partition: that one may be of the log before a restore. */
  readonly #ledger = ++created;

  constructor(partition: number, reader: Pick<MongoLogReader, 'readEnvelopes'>, kept: KeptHolders) {
    this.#partition = partition;
    this.#reader = reader;
    this.#kept = kept;
  }

  /** A new batch begins. The log has all but the one before. */
  beginBatch(): void {
    this.#before = this.#now;
    this.#now = new Map();
    this.#read = new Map();
  }

  /** The events of an envelope that is judged now. The list may still grow. */
  addJudged(sequence: number, events: readonly StoredEvent[]): void {
    this.#now.set(sequence, events);
  }

  /** Reads the events at some places: each envelope once, a few with each query. */
  async read(places: readonly Place[]): Promise<void> {
    const missing: Place[] = [];
    for (const place of places) {
      const name = nameOf(place);
      if (this.#inMemory(place) || this.#read.has(name)) continue;
      const kept = this.#kept.get(this.#keptNameOf(name));
      this.#read.set(name, kept);
      if (kept === undefined) missing.push(place);
    }
    const bySequence = Map.groupBy(missing, ({ sequence }) => sequence);
    const sequences = [...bySequence.keys()];
    for (let at = 0; at < sequences.length; at += ENVELOPES_AT_ONCE) {
      const some = sequences.slice(at, at + ENVELOPES_AT_ONCE);
      for (const envelope of await this.#reader.readEnvelopes(this.#partition, some)) {
        const indexes = new Set(bySequence.get(envelope.sequence)?.map(({ index }) => index));
        for (const { position, event } of eventsAt(envelope, indexes)) {
          const [name, holder] = [nameOf(position), holderOf(position, event)];
          this.#read.set(name, holder);
          this.#kept.set(this.#keptNameOf(name), holder);
        }
      }
    }
  }

  /** The event at a place that is in memory or was read for this batch; undefined if the log has none there. */
  at(place: Place): Holder | undefined {
    const events = this.#inMemory(place);
    if (events) return holderAt(events, place.index);
    const name = nameOf(place);
    const holder = this.#read.get(name);
    if (holder === undefined && !this.#read.has(name))
      throw new RangeError(`the event at ${name} was not read`);
    return holder;
  }

  /** The first event at some places that is wanted. */
  first(places: readonly Place[], isWanted: (holder: Holder) => boolean): Holder | undefined {
    for (const place of places) {
      const holder = this.at(place);
      if (holder !== undefined && isWanted(holder)) return holder;
    }
    return undefined;
  }

  #keptNameOf(name: string): string {
    return `${this.#ledger}/${name}`;
  }

  #inMemory({ sequence }: Place): readonly StoredEvent[] | undefined {
    return this.#now.get(sequence) ?? this.#before.get(sequence);
  }
}

const nameOf = ({ sequence, index }: Place): string => `${sequence}/${index}`;

/** Events are in order, and keep their index if others before them are left out. */
function holderAt(events: readonly StoredEvent[], index: number): Holder | undefined {
  let [low, high] = [0, Math.min(index, events.length - 1)];
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const stored = events[middle];
    if (stored === undefined) return undefined;
    const { position } = stored;
    if (position.index === index) return holderOf(position, stored.event);
    if (position.index < index) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

function holderOf(position: EventPosition, event: StoredEvent['event']): Holder {
  const { subject, observedAtMs, reportId, part, aggregateVersion } = event;
  const contentHash = Uint8Array.from(event.contentHash);
  return { position, subject, observedAtMs, reportId, part, aggregateVersion, contentHash };
}
