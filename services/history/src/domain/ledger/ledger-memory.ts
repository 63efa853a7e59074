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

interface Memory {
  /** With every event so far. */
  times: KnownTimes;
  /** As they are stored, or are about to be. */
  storedTimes: KnownTimes;
  /** Since the last {@link LedgerMemory.take}, by window. */
  recent: Map<number, Entries>;
  /** Taken, and perhaps not stored yet. */
  taken: Map<number, Entries>;
  /** The flush in which the subject was used last. */
  flush: number;
}

const NO_ENTRIES: Map<number, Entries> = new Map();
/** A subject that was not used for this many flushes may be forgotten. */
const IDLE_FLUSHES = 3;

/**
 * The part of the ledger that the owner of a partition has in memory: the times of each subject, and the keys that are not
 * stored yet. The rest is in the stored ledger, by subject and window.
 */
export class LedgerMemory {
  readonly #subjects = new Map<string, Memory>();
  readonly #hashOf: KeyHash;
  readonly #maxSubjects: number;
  #recentCount = 0;
  #flush = 0;

  constructor(hashOf: KeyHash, maxSubjects: number) {
    this.#hashOf = hashOf;
    this.#maxSubjects = maxSubjects;
  }

  /** How many keys are not taken yet. */
  get recentCount(): number {
    return this.#recentCount;
  }

  /**
   * Whether the stored times of a subject are remembered. If so, it is not forgotten during the next flushes. Nothing else may
   * be asked about other subjects.
   */
  use(subject: string): boolean {
    const memory = this.#subjects.get(subject);
    if (memory) memory.flush = this.#flush;
    return memory !== undefined;
  }

  /** Remembers a subject's stored times; {@link NOTHING_KNOWN} if nothing is stored. */
  remember(subject: string, stored: KnownTimes = NOTHING_KNOWN): void {
    const memory = { times: stored, storedTimes: stored, recent: NO_ENTRIES, taken: NO_ENTRIES };
    this.#subjects.set(subject, { ...memory, flush: this.#flush });
  }

  /** Whether an event is new for certain: its subject has none of its time. If this is false, its key must be looked up. */
  isNew({ subject, observedAtMs }: ReportKey): boolean {
    return !canHave(this.#of(subject).times, observedAtMs);
  }

  /** Whether a key must be looked up in the stored ledger. */
  canBeStored({ subject, observedAtMs }: ReportKey): boolean {
    return canHave(this.#of(subject).storedTimes, observedAtMs);
  }

  /** The places in memory of keys with the same hash. */
  find(key: ReportKey, hash: number): readonly Place[] {
    const { recent, taken } = this.#of(key.subject);
    const window = windowOf(key);
    return [taken.get(window), recent.get(window)].flatMap((entries) => entries?.find(hash) ?? []);
  }

  /** Adds the key of an event of the log. Only a plain event raises the newest time of its subject. */
  add(key: ReportKey, place: Place, isPlain: boolean): void {
    const memory = this.#of(key.subject);
    memory.times = withEvent(memory.times, key.observedAtMs, isPlain);
    if (memory.recent === NO_ENTRIES) memory.recent = new Map();
    const window = windowOf(key);
    let entries = memory.recent.get(window);
    if (entries === undefined) {
      entries = new Entries();
      memory.recent.set(window, entries);
    }
    entries.add(this.#hashOf(key), place);
    this.#recentCount += 1;
  }

  /** Takes all keys since the last call, to store them. They are found in memory until {@link settle}. */
  take(): readonly SubjectChange[] {
    const changes: SubjectChange[] = [];
    for (const [subject, memory] of this.#subjects) {
      if (memory.recent === NO_ENTRIES) continue;
      memory.taken = memory.recent;
      memory.recent = NO_ENTRIES;
      memory.storedTimes = memory.times;
      const windows = Array.from(memory.taken, ([window, entries]) => ({ window, entries }));
      changes.push({ subject, times: memory.times, windows });
    }
    this.#recentCount = 0;
    this.#flush += 1;
    return changes;
  }

  /** What was taken is stored now. */
  settle(): void {
    const isCrowded = this.#subjects.size > this.#maxSubjects;
    for (const [subject, memory] of this.#subjects) {
      memory.taken = NO_ENTRIES;
      const isIdle = memory.recent === NO_ENTRIES && this.#flush - memory.flush > IDLE_FLUSHES;
      if (isCrowded && isIdle) this.#subjects.delete(subject);
    }
  }

  #of(subject: string): Memory {
    const memory = this.#subjects.get(subject);
    if (memory === undefined) throw new RangeError(`the ledger does not remember ${subject}`);
    return memory;
  }
}
