import { Entries, type Place } from './entries.ts';
import { canHave, type KnownTimes, NOTHING_KNOWN, withEvent } from './known-times.ts';
import { type KeyHash, type ReportKey, windowOf } from './report-key.ts';

/** The keys of one subject in one window, that are not stored yet. */
interface NewEntries {
  readonly window: number;
  readonly entries: Entries;
}

/** What has to be stored of one subject. */
export interface SubjectChange {
  readonly subject: string;
  readonly times: KnownTimes;
  readonly windows: readonly NewEntries[];
}

/** A subject with keys that are not stored yet. */
interface Unstored {
  /** With every event so far. */
  times: KnownTimes;
  /** As they are stored, or are about to be. */
  storedTimes: KnownTimes;
  /** Since the last {@link LedgerMemory.take}, by window. */
  recent: Map<number, Entries>;
  /** Taken, and perhaps not stored yet. */
  taken: Map<number, Entries>;
}

const NO_ENTRIES: Map<number, Entries> = new Map();

/** The times of a subject whose keys are all stored. Of nearly all, the newest one is everything that is known. */
type StoredTimes = number | KnownTimes;

/**
 * The part of the ledger that the owner of a partition has in memory: the times of each subject, and the keys that are not
 * stored yet. The rest is in the stored ledger, by subject and window.
 */
export class LedgerMemory {
  readonly #unstored = new Map<string, Unstored>();
  /** The other subjects. Those that were used last are the last ones. */
  readonly #stored = new Map<string, StoredTimes>();
  #inUse: ReadonlySet<string> = new Set();
  readonly #hashOf: KeyHash;
  readonly #maxSubjects: number;
  #recentCount = 0;

  /** @param maxSubjects with more than these, subjects whose keys are all stored are forgotten */
  constructor(hashOf: KeyHash, maxSubjects: number) {
    this.#hashOf = hashOf;
    this.#maxSubjects = maxSubjects;
  }

  /** How many keys are not taken yet. */
  get recentCount(): number {
    return this.#recentCount;
  }

  /**
   * Gives those of the subjects whose stored times must be remembered first. None of them is forgotten before the next call,
   * and nothing may be asked about others.
   */
  use(subjects: Iterable<string>): readonly string[] {
    this.#inUse = new Set(subjects);
    return [...this.#inUse].filter((subject) => !this.#touch(subject));
  }

  /** Remembers a subject's stored times; {@link NOTHING_KNOWN} if nothing is stored. */
  remember(subject: string, stored: KnownTimes = NOTHING_KNOWN): void {
    this.#stored.set(subject, compact(stored));
  }

  /** Whether an event is new for certain: its subject has none of its time. If this is false, its key must be looked up. */
  isNew({ subject, observedAtMs }: ReportKey): boolean {
    const times = this.#unstored.get(subject)?.times ?? this.#storedTimesOf(subject);
    return !canHave(times, observedAtMs);
  }

  /** Whether a key must be looked up in the stored ledger. */
  canBeStored({ subject, observedAtMs }: ReportKey): boolean {
    const times = this.#unstored.get(subject)?.storedTimes ?? this.#storedTimesOf(subject);
    return canHave(times, observedAtMs);
  }

  /** The places in memory of keys with the same hash. */
  find(key: ReportKey, hash: number): readonly Place[] {
    const unstored = this.#unstored.get(key.subject);
    if (unstored === undefined) return [];
    const window = windowOf(key);
    return [unstored.taken.get(window), unstored.recent.get(window)].flatMap(
      (entries) => entries?.find(hash) ?? [],
    );
  }

  /** Adds the key of an event of the log. Only a plain event raises the newest time of its subject. */
  add(key: ReportKey, place: Place, isPlain: boolean): void {
    const unstored = this.#unstored.get(key.subject) ?? this.#beginUnstored(key.subject);
    unstored.times = withEvent(unstored.times, key.observedAtMs, isPlain);
    if (unstored.recent === NO_ENTRIES) unstored.recent = new Map();
    const window = windowOf(key);
    let entries = unstored.recent.get(window);
    if (entries === undefined) {
      entries = new Entries();
      unstored.recent.set(window, entries);
    }
    entries.add(this.#hashOf(key), place);
    this.#recentCount += 1;
  }

  /** Takes all keys since the last call, to store them. They are found in memory until {@link settle}. */
  take(): readonly SubjectChange[] {
    const changes: SubjectChange[] = [];
    for (const [subject, unstored] of this.#unstored) {
      unstored.taken = unstored.recent;
      unstored.recent = NO_ENTRIES;
      unstored.storedTimes = unstored.times;
      const windows = Array.from(unstored.taken, ([window, entries]) => ({ window, entries }));
      changes.push({ subject, times: unstored.times, windows });
    }
    this.#recentCount = 0;
    return changes;
  }

  /** What was taken is stored now. */
  settle(): void {
    for (const [subject, unstored] of this.#unstored) {
      unstored.taken = NO_ENTRIES;
      if (unstored.recent !== NO_ENTRIES) continue;
      this.#unstored.delete(subject);
      this.remember(subject, unstored.storedTimes);
    }
    for (const subject of this.#stored.keys()) {
      if (this.#unstored.size + this.#stored.size <= this.#maxSubjects) break;
      if (!this.#inUse.has(subject)) this.#stored.delete(subject);
    }
  }

  /** Whether the times of a subject are remembered. */
  #touch(subject: string): boolean {
    const stored = this.#stored.get(subject);
    if (stored === undefined) return this.#unstored.has(subject);
    this.#stored.delete(subject);
    this.#stored.set(subject, stored);
    return true;
  }

  #beginUnstored(subject: string): Unstored {
    const times = this.#storedTimesOf(subject);
    const unstored = { times, storedTimes: times, recent: NO_ENTRIES, taken: NO_ENTRIES };
    this.#stored.delete(subject);
    this.#unstored.set(subject, unstored);
    return unstored;
  }

  #storedTimesOf(subject: string): KnownTimes {
    const times = this.#stored.get(subject);
    if (times === undefined) throw new RangeError(`the ledger does not remember ${subject}`);
    return typeof times === 'number' ? { ...NOTHING_KNOWN, newestMs: times } : times;
  }
}

function compact(times: KnownTimes): StoredTimes {
  return times.aheadMs.length === 0 && times.unknownFromMs === Infinity ? times.newestMs : times;
}
