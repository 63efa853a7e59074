import type { CommittedEnvelope, Fate, SentEvent } from '@odograph/event-log/committed-envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { conflictOf, conflictPartOf } from '@odograph/event-log/substitute-events';
import type { EventPosition } from '@odograph/kernel/position';
import type { Place } from '../domain/ledger/entries.ts';
import {
  fateOf,
  isNextPart,
  isSameEvent,
  isSameVersion,
  type JudgedEvent,
  versionKeyOf,
} from '../domain/ledger/fate.ts';
import { isPlain } from '../domain/ledger/known-times.ts';
import { LedgerMemory } from '../domain/ledger/ledger-memory.ts';
import { createKeyHash, type KeyHash } from '../domain/ledger/report-key.ts';
import { FREQUENT_TYPES } from './envelope-document.ts';
import type { ReadEnvelope } from './envelope-reader.ts';
import { type Holder, Holders, type KeptHolders } from './holders.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';
import { StoredKeys } from './stored-keys.ts';

interface LedgerDeps {
  readonly partition: number;
  readonly store: LedgerStore;
  readonly reader: Pick<MongoLogReader, 'read' | 'readEnvelopes'>;
  readonly keptHolders: KeptHolders;
  readonly options?: LedgerOptions;
}

interface LedgerOptions {
  /** By default with the secret that is stored. */
  readonly hashOf?: KeyHash;
  /** Subjects whose times are in memory, by default 200,000: about 20 MB once their keys are stored. */
  readonly maxSubjects?: number;
  /** Keys that are not stored, after which they must be; by default 200,000, which a new owner reads again in about a second. */
  readonly maxKeys?: number;
}

/** An envelope with its fates, and what readers see of it. */
export interface JudgedEnvelope extends CommittedEnvelope {
  readonly events: readonly StoredEvent[];
  /** The types of these events that are not frequent. */
  readonly rareTypes: readonly string[];
}

type Event = StoredEvent['event'];

/**
 * Knows which reports a partition's log has, and decides with it what the log makes of the next ones. The fates of an
 * envelope depend on the log before it and on nothing else, so every owner comes to the same ones.
 *
 * It is part of the log, not a view: what is newest is in memory, the rest is stored behind.
 */
export class Ledger {
  readonly #deps: LedgerDeps;
  readonly #hashOf: KeyHash;
  readonly #memory: LedgerMemory;
  readonly #storedKeys: StoredKeys;
  readonly #holders: Holders;
  /** What was known of the keys that judging a batch may ask for, before it is judged. */
  #before: KnownBefore = { through: 0, places: new Map(), others: new Map() };
  /** The last envelope that was judged. The log has it, or is about to. */
  #through: number;
  #stored: number;
  #lookups = 0;

  private constructor(deps: LedgerDeps, hashOf: KeyHash, stored: number) {
    this.#deps = deps;
    this.#hashOf = hashOf;
    this.#memory = new LedgerMemory(hashOf, deps.options?.maxSubjects ?? 200_000);
    this.#storedKeys = new StoredKeys(deps.store);
    this.#holders = new Holders(deps.partition, deps.reader, deps.keptHolders);
    this.#stored = stored;
    this.#through = stored;
  }

  /**
   * The ledger of a log that ends at a sequence: what is stored, and the keys of the events after that. Throws the reason of
   * the signal if that is aborted before.
   */
  static async open(deps: LedgerDeps, head: number, signal: AbortSignal): Promise<Ledger> {
    const { sequence: stored, secret } = await deps.store.begin(deps.partition);
    // MongoDB was restored from a backup that had the ledger at a later moment than the log. The same events come again.
    if (stored > head) await deps.store.save(deps.partition, [], { from: stored, to: head });
    const ledger = new Ledger(deps, deps.options?.hashOf ?? createKeyHash(secret), Math.min(stored, head));
    await ledger.#catchUp(head, signal);
    return ledger;
  }

  /** The last envelope that was judged, or read when it was opened. */
  get through(): number {
    return this.#through;
  }

  /** How many events were not newer than all others of their subject, and had to be looked up. */
  get lookups(): number {
    return this.#lookups;
  }

  /** Whether it must be stored before more is judged. */
  get isFull(): boolean {
    return this.#memory.recentCount >= (this.#deps.options?.maxKeys ?? 200_000);
  }

  /**
   * Judges consecutive envelopes. Each is judged against all before it, also against those of the same call.
   * After an error the ledger cannot be used any more: open another one.
   */
  async judge(batch: readonly ReadEnvelope[]): Promise<readonly JudgedEnvelope[]> {
    this.#holders.beginBatch();
    await this.#prepare(batch.flatMap((envelope) => envelope.events.map(({ event }) => event)));
    return batch.map((envelope) => this.#judgeEnvelope(envelope));
  }

  /**
   * Stores what is not stored yet. Call it while the log has every envelope that was judged, and not again before it is
   * done; judging may go on. After an error the ledger cannot be used any more.
   */
  async store(): Promise<void> {
    const { store, partition } = this.#deps;
    const changes = this.#memory.take();
    const [from, to] = [this.#stored, this.#through];
    if (to === from) return;
    await store.save(partition, changes, { from, to });
    this.#stored = to;
    this.#storedKeys.forget();
    this.#memory.settle();
  }

  async #catchUp(head: number, signal: AbortSignal): Promise<void> {
    const { reader, partition } = this.#deps;
    while (this.#through < head) {
      signal.throwIfAborted();
      const { events, through } = await reader.read(partition, this.#through, head);
      const decoded = events.map(({ position, event }) => ({ position, event }));
      await this.#useSubjects(
        decoded.map(({ event }) => event.subject),
        head,
      );
      for (const { position, event } of decoded) this.#remember(event, position);
      this.#through = through;
      if (this.isFull) await this.store();
    }
  }

  /** Gives each event its fate, and remembers what readers see of it. */
  #judgeEnvelope(envelope: ReadEnvelope): JudgedEnvelope {
    const fates: Fate[] = [];
    const events: StoredEvent[] = [];
    const rareTypes = new Set<string>();
    // It sees those that are added below: an envelope may have the same event twice.
    this.#holders.addJudged(envelope.sequence, events);
    for (const sent of envelope.events) {
      const fate = this.#isNew(sent.event) ? sent.undecodable : this.#lookUp(sent, { envelope, fates });
      if (fate) fates.push(fate);
      const seen = whatIsSeen(sent, fate);
      if (!seen) continue;
      events.push(seen.stored);
      this.#remember(seen.event, seen.stored.position);
      if (!FREQUENT_TYPES.includes(seen.event.type)) rareTypes.add(seen.event.type);
    }
    return this.#linked(envelope, { fates, events, rareTypes: [...rareTypes] });
  }

  /** A judged envelope, linked to the one before it. */
  #linked(
    { partition, sequence, storedAtMs, bytes }: ReadEnvelope,
    judged: Pick<JudgedEnvelope, 'fates' | 'events' | 'rareTypes'>,
  ): JudgedEnvelope {
    const previousSequence = this.#through;
    this.#through = sequence;
    const kept = judged.events.length === 0 ? NO_BYTES : bytes;
    return { partition, sequence, previousSequence, storedAtMs, bytes: kept, ...judged };
  }

  #remember(event: Event, position: EventPosition): void {
    this.#memory.add(event, position, isPlain(event));
    const version = versionKeyOf(event);
    if (version) this.#memory.add(version, position, false);
  }

  /** Whether an event is new for certain. A decision may be newer than all others and have a version that is taken. */
  #isNew(event: Event): boolean {
    return event.aggregateVersion === undefined && this.#memory.isNew(event);
  }

  /**
   * The fate of an event whose key the log may have; undefined if it is new.
   * @param before its envelope, and the fates of the events before it there.
   */
  #lookUp(sent: SentEvent, before: JudgedBefore): Fate | undefined {
    const { stored, event } = sent;
    const { index } = stored.position;
    this.#lookups += 1;
    const duplicate = duplicateJustBefore(index, before);
    if (duplicate !== undefined && isNextPart(event, duplicate)) return { index, kind: 'duplicate' };
    const holder = this.#holderOf(event);
    const fate = fateOf(event, holder);
    if (fate === 'duplicate') return { index, kind: 'duplicate' };
    if (fate === 'new' || holder === undefined)
      return this.#isSuperseded(event) ? { index, kind: 'superseded' } : sent.undecodable;
    if (this.#holderOf(this.#otherKeyOf(event))) return { index, kind: 'duplicate' };
    return { index, kind: 'conflict', heldAt: holder.position };
  }

  /** The event of the log so far with the same key; undefined if it has none. A hash alone is never believed. */
  #holderOf(event: JudgedEvent): Holder | undefined {
    return this.#findHolder(event, (holder) => isSameEvent(holder, event));
  }

  /** Whether the log has another decision with the same version of the same aggregate. */
  #isSuperseded(event: JudgedEvent): boolean {
    if (event.aggregateVersion === undefined) return false;
    return this.#findHolder(this.#otherKeyOf(event), (holder) => isSameVersion(holder, event)) !== undefined;
  }

  #otherKeyOf(event: JudgedEvent): JudgedEvent {
    return this.#before.others.get(event) ?? otherKeyOf(event);
  }

  /** The log has one event with a key, so what it had before the batch comes first. */
  #findHolder(key: JudgedEvent, isIt: (holder: Holder) => boolean): Holder | undefined {
    if (this.#memory.isNew(key)) return undefined;
    const { through, places } = this.#before;
    const known = this.#holders.first(places.get(key) ?? NOWHERE, isIt);
    if (known) return known;
    const now = this.#memory.find(key, this.#hashOf(key)).filter(({ sequence }) => sequence > through);
    return this.#holders.first(now, isIt);
  }

  /** Reads all that judging these events needs, with few queries: under their own keys, then under their other ones. */
  async #prepare(events: readonly Event[]): Promise<void> {
    await this.#useSubjects(
      events.map(({ subject }) => subject),
      this.#through,
    );
    const known = events.filter((event) => !this.#isNew(event));
    const own = await this.#placesOf(known);
    // Nearly always the log has what is sent again, and no other key is needed.
    const isDecided = (event: Event) => {
      const holder = this.#holders.first(own.get(event) ?? NOWHERE, (each) => isSameEvent(each, event));
      return fateOf(event, holder) === 'duplicate';
    };
    const undecided = known.filter((event) => !isDecided(event));
    const others = new Map(undecided.map((event) => [event, otherKeyOf(event)]));
    const places = new Map([...own, ...(await this.#placesOf([...others.values()]))]);
    this.#before = { through: this.#through, places, others };
  }

  /**
   * Where events with the hashes of keys are. They are read. Memory is asked first: what is stored meanwhile leaves it, and is
   * then found in the stored ledger.
   */
  async #placesOf(keys: readonly JudgedEvent[]): Promise<ReadonlyMap<JudgedEvent, readonly Place[]>> {
    const hashed = keys.map((key) => {
      const hash = this.#hashOf(key);
      return { key, hash, recent: this.#memory.find(key, hash) };
    });
    const stored = hashed.filter(({ key }) => this.#memory.canBeStored(key));
    const found = await this.#storedKeys.find(stored);
    const places = new Map(hashed.map(({ key, recent }) => [key, recent]));
    for (const [at, { key, recent }] of stored.entries())
      places.set(key, [...recent, ...(found[at] ?? NOWHERE)]);
    await this.#holders.read([...places.values()].flat());
    return places;
  }

  /** Makes the subjects' times known, and keeps them so while their events are judged. */
  async #useSubjects(subjects: readonly string[], head: number): Promise<void> {
    const unknown = this.#memory.use(subjects);
    if (unknown.length === 0) return;
    const times = await this.#deps.store.timesOf(unknown, head);
    for (const subject of unknown) this.#memory.remember(subject, times.get(subject));
  }
}

const NO_BYTES = new Uint8Array();
const NOWHERE: readonly Place[] = [];

/** What a ledger knows before a batch is judged. */
interface KnownBefore {
  /** The end of the log. */
  readonly through: number;
  /** Where the log has events with the hashes of keys. */
  readonly places: ReadonlyMap<JudgedEvent, readonly Place[]>;
  /** The other keys of events that their own one does not decide. */
  readonly others: ReadonlyMap<JudgedEvent, JudgedEvent>;
}

/** The key that also decides the fate of an event: the version of a decision, or a report as the log has it if it is a conflict. */
function otherKeyOf(event: JudgedEvent): JudgedEvent {
  return { ...event, ...(versionKeyOf(event) ?? { part: conflictPartOf(event) }) };
}

interface JudgedBefore {
  readonly envelope: ReadEnvelope;
  readonly fates: readonly Fate[];
}

function duplicateJustBefore(index: number, { envelope, fates }: JudgedBefore): Event | undefined {
  const last = fates.at(-1);
  return last?.kind === 'duplicate' && last.index === index - 1
    ? envelope.events[last.index]?.event
    : undefined;
}

/** What readers see of an event; undefined if that is nothing. One that cannot be decoded is already replaced. */
function whatIsSeen(sent: SentEvent, fate: Fate | undefined): SentEvent | undefined {
  if (fate === undefined || fate === sent.undecodable) return sent;
  if (fate.kind !== 'conflict') return undefined;
  const conflict = conflictOf(sent.stored, fate.heldAt);
  return { stored: conflict, event: conflict.event };
}
