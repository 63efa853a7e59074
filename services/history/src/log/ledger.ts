import type { CommittedEnvelope, Fate, SentEvent } from '@odograph/event-log/committed-envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { conflictOf, conflictPartOf } from '@odograph/event-log/substitute-events';
import type { EventPosition } from '@odograph/kernel/position';
import { LRUCache } from 'lru-cache';
import type { Entries, Place } from '../domain/ledger/entries.ts';
import { fateOf, isNextPart, versionKeyOf } from '../domain/ledger/fate.ts';
import { LedgerMemory } from '../domain/ledger/ledger-memory.ts';
import { hashOf, isSameKey, type ReportKey, windowOf } from '../domain/ledger/report-key.ts';
import { FREQUENT_TYPES } from './envelope-document.ts';
import type { ReadEnvelope } from './envelope-reader.ts';
import { Holders } from './holders.ts';
import type { LedgerStore, WindowName } from './ledger-store.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';

interface LedgerDeps {
  readonly partition: number;
  readonly store: LedgerStore;
  readonly reader: Pick<MongoLogReader, 'read' | 'readEnvelopes'>;
}

/** An envelope with its fates, and what readers see of it. */
export interface JudgedEnvelope extends CommittedEnvelope {
  readonly events: readonly StoredEvent[];
  /** The types of these events that are not frequent. */
  readonly rareTypes: readonly string[];
  readonly duplicates: number;
  readonly conflicts: number;
}

/** Subjects whose times are in memory: about 30 MB. */
const MAX_SUBJECTS = 200_000;
/** Stored windows in memory. */
const WINDOW_CACHE_BYTES = 16 * 1024 * 1024;
/** Keys that are not stored, after which they should be: as many as a new owner reads again in about a second. */
const FULL_AT_KEYS = 200_000;

/**
 * Knows which reports a partition's log has, and decides with it what the log makes of the next ones. The fates of an
 * envelope depend on the log before it and on nothing else, so every owner comes to the same ones.
 *
 * It is part of the log, not a view: what is newest is in memory, the rest is stored behind.
 */
export class Ledger {
  readonly #deps: LedgerDeps;
  readonly #memory = new LedgerMemory(MAX_SUBJECTS);
  readonly #windows = new LRUCache<string, Entries>({
    maxSize: WINDOW_CACHE_BYTES,
    sizeCalculation: (entries) => 200 + entries.bytes.length,
  });
  readonly #holders: Holders;
  /** The last envelope that was judged. The log has it, or is about to. */
  #through: number;
  #stored: number;
  /** Counts the changes of the stored ledger. */
  #changes = 0;
  #lookups = 0;

  private constructor(deps: LedgerDeps, stored: number) {
    this.#deps = deps;
    this.#holders = new Holders(deps.partition, deps.reader);
    this.#stored = stored;
    this.#through = stored;
  }

  /** The ledger of a log that ends at a sequence: what is stored, and the keys of the events after that. */
  static async open(deps: LedgerDeps, head: number): Promise<Ledger> {
    const stored = await deps.store.checkpoint(deps.partition);
    // MongoDB was restored from a backup that had the ledger at a later moment than the log. The same events come again.
    if (stored > head) await deps.store.save(deps.partition, [], { from: stored, to: head });
    const ledger = new Ledger(deps, Math.min(stored, head));
    await ledger.#catchUp(head);
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

  get isFull(): boolean {
    return this.#memory.recentCount >= FULL_AT_KEYS;
  }

  /**
   * Judges consecutive envelopes. Each is judged against all before it, also against those of the same call.
   * After an error the ledger cannot be used any more: open another one.
   */
  async judge(batch: readonly ReadEnvelope[]): Promise<readonly JudgedEnvelope[]> {
    this.#holders.beginBatch();
    await this.#prepare(batch.flatMap((envelope) => envelope.events.map(({ event }) => event)));
    const judged: JudgedEnvelope[] = [];
    for (const envelope of batch) judged.push(await this.#judgeEnvelope(envelope));
    return judged;
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
    for (const { subject, windows } of changes)
      for (const { window } of windows) this.#windows.delete(nameOf({ subject, window }));
    this.#changes += 1;
    this.#memory.settle();
  }

  async #catchUp(head: number): Promise<void> {
    const { reader, partition } = this.#deps;
    while (this.#through < head) {
      const { events, through } = await reader.read(partition, this.#through, head);
      const decoded = events.map(({ position, event }) => ({ position, event }));
      await this.#remember(decoded.map(({ event }) => event.subject));
      for (const { position, event } of decoded) this.#add(event, position);
      this.#through = through;
    }
  }

  async #judgeEnvelope(envelope: ReadEnvelope): Promise<JudgedEnvelope> {
    const { partition, sequence, storedAtMs, undecodable } = envelope;
    const fates: Fate[] = [...undecodable];
    const seen: StoredEvent[] = [];
    const rareTypes = new Set<string>();
    const see = (stored: StoredEvent, event: StoredEvent['event']) => {
      seen.push(stored);
      this.#add(event, stored.position);
      if (!FREQUENT_TYPES.includes(event.type)) rareTypes.add(event.type);
    };
    let [duplicates, conflicts] = [0, 0];
    this.#holders.addJudged(sequence, seen);
    let duplicate: StoredEvent['event'] | undefined;
    for (const sent of envelope.events) {
      const fate = this.#isNew(sent.event) ? undefined : await this.#lookUp(sent, duplicate);
      duplicate = fate?.kind === 'duplicate' ? sent.event : undefined;
      if (fate === undefined) {
        see(sent.stored, sent.event);
      } else if (fate.kind === 'conflict') {
        const conflict = conflictOf(sent.stored, fate.heldAt);
        see(conflict, conflict.event);
        fates.push(fate);
        conflicts += 1;
      } else {
        removeFate(fates, fate.index);
        fates.push(fate);
        duplicates += 1;
      }
    }
    const previousSequence = this.#through;
    this.#through = sequence;
    const bytes = seen.length === 0 ? NO_BYTES : envelope.bytes;
    const head = { partition, sequence, previousSequence, storedAtMs, bytes, fates };
    return { ...head, events: seen, rareTypes: [...rareTypes], duplicates, conflicts };
  }

  #add(event: StoredEvent['event'], position: EventPosition): void {
    this.#memory.add(event, position, isPlain(event));
    const version = versionKeyOf(event);
    if (version) this.#memory.add(version, position, false);
  }

  /** Whether an event is new for certain. A decision may be newer than all others and have a version that is taken. */
  #isNew(event: StoredEvent['event']): boolean {
    return event.aggregateVersion === undefined && this.#memory.isNew(event);
  }

  /**
   * The fate of an event whose key the log may have; undefined if it is new.
   * @param duplicate the event before it in its envelope, if that is a duplicate.
   */
  async #lookUp(
    { stored, event }: SentEvent,
    duplicate: StoredEvent['event'] | undefined,
  ): Promise<Fate | undefined> {
    const { index } = stored.position;
    this.#lookups += 1;
    if (duplicate !== undefined && isNextPart(event, duplicate)) return { index, kind: 'duplicate' };
    const holder = await this.#holderOf(event);
    const fate = fateOf(event, holder?.event);
    if (fate === 'new' || holder === undefined)
      return (await this.#isSuperseded(event)) ? { index, kind: 'superseded' } : undefined;
    if (fate === 'duplicate') return { index, kind: 'duplicate' };
    const asConflict = { ...event, part: conflictPartOf(event) };
    if (await this.#holderOf(asConflict)) return { index, kind: 'duplicate' };
    return { index, kind: 'conflict', heldAt: holder.position };
  }

  /** Whether the log has another decision with the same version of the same aggregate. */
  async #isSuperseded(event: StoredEvent['event']): Promise<boolean> {
    const version = versionKeyOf(event);
    if (version === undefined) return false;
    const { subject, aggregateVersion } = event;
    const isSameVersion = (held: StoredEvent['event']) =>
      held.subject === subject && held.aggregateVersion === aggregateVersion;
    return (await this.#holderOf(version, isSameVersion)) !== undefined;
  }

  /** The event of the log so far that has a key; undefined if it has none. A hash alone is never believed. */
  async #holderOf(
    key: ReportKey,
    isHolder = (event: StoredEvent['event']) => isSameKey(event, key),
  ): Promise<StoredEvent | undefined> {
    for (const place of await this.#loadedPlacesOf(key)) {
      const holder = await this.#holders.at(place);
      if (holder === undefined) continue;
      const { position, event } = holder;
      if (isHolder(event)) return { position, event };
    }
    return undefined;
  }

  /** Where events with the hash of a key may be. While the ledger is stored, a window may be needed again. */
  async #loadedPlacesOf(key: ReportKey): Promise<readonly Place[]> {
    for (;;) {
      const places = this.#placesOf(key);
      if (places !== undefined) return places;
      await this.#loadWindows([key]);
    }
  }

  /** The same; undefined if the window of the key must be loaded first. */
  #placesOf(key: ReportKey): readonly Place[] | undefined {
    if (this.#memory.isNew(key)) return NOWHERE;
    const recent = this.#memory.find(key);
    if (!this.#memory.canBeStored(key)) return recent;
    const stored = this.#windows.get(nameOf({ subject: key.subject, window: windowOf(key) }));
    return stored && [...stored.find(hashOf(key)), ...recent];
  }

  /** Loads with few queries what judging these events needs. */
  async #prepare(events: readonly ReportKey[]): Promise<void> {
    await this.#remember(events.map(({ subject }) => subject));
    await this.#loadWindows(events);
    await this.#holders.prefetch(events.flatMap((event) => this.#placesOf(event) ?? []));
  }

  async #remember(subjects: readonly string[]): Promise<void> {
    const unknown = [...new Set(subjects.filter((subject) => !this.#memory.knows(subject)))];
    if (unknown.length === 0) return;
    const times = await this.#deps.store.timesOf(unknown);
    for (const subject of unknown) this.#memory.remember(subject, times.get(subject));
  }

  async #loadWindows(keys: readonly ReportKey[]): Promise<void> {
    const missing = new Map<string, WindowName>();
    for (const key of keys) {
      if (!this.#memory.canBeStored(key)) continue;
      const name = { subject: key.subject, window: windowOf(key) };
      if (!this.#windows.has(nameOf(name))) missing.set(nameOf(name), name);
    }
    const names = [...missing.values()];
    const loaded = await this.#loadUnchanged(names);
    for (const [at, name] of names.entries()) this.#windows.set(nameOf(name), loaded[at] as Entries);
  }

  /** Loads windows again if the stored ledger was changed meanwhile, because they may be from before that. */
  async #loadUnchanged(names: readonly WindowName[]): Promise<readonly Entries[]> {
    for (;;) {
      const before = this.#changes;
      const loaded = await this.#deps.store.windows(names);
      if (before === this.#changes) return loaded;
    }
  }
}

const NO_BYTES = new Uint8Array();
const NOWHERE: readonly Place[] = [];

/** Only such an event raises the newest time of its subject. */
function isPlain({ type, part }: { readonly type: string; readonly part: number }): boolean {
  return part === 0 && FREQUENT_TYPES.includes(type);
}

function removeFate(fates: Fate[], index: number): void {
  const at = fates.findIndex((fate) => fate.index === index);
  if (at >= 0) fates.splice(at, 1);
}

const nameOf = ({ subject, window }: WindowName): string => `${subject}\n${window}`;
