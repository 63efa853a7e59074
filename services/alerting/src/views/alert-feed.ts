import { Bell } from '@odograph/kernel/bell';
import { pause } from '@odograph/kernel/clock';
import type { Db } from 'mongodb';
import { type AlertRecord, isOpen } from '../domain/alert-record.ts';

/** Changes that a slow watcher may have before it; with more it begins again. */
export const MAX_WAITING = 1_000;

/** Which alerts a watcher gets. */
export type AlertChoice = (record: AlertRecord) => boolean;

/** What has changed for a watcher. */
interface AlertNews {
  readonly changed: readonly AlertRecord[];
  /** Alerts that it has and that it would not get any more. */
  readonly leftIds: readonly string[];
}

/** The changes of alerts for one watcher: of each alert the newest only. */
export class AlertWatch {
  readonly #choice: AlertChoice;
  readonly #bell = new Bell();
  /** By id; null: it is not one of the watcher's any more. */
  #changed = new Map<string, AlertRecord | null>();
  #beginsAgain = true;
  /** Whether it is being sent what is there: then it may get any alert as it was a moment ago. */
  #isBeginning = false;
  /** The alerts that it has and that go on. */
  readonly #has = new Set<string>();

  constructor(choice: AlertChoice) {
    this.#choice = choice;
  }

  push(record: AlertRecord): void {
    const { id } = record;
    const isChosen = this.#choice(record);
    if (!isChosen && !this.#has.has(id) && !this.#isBeginning) {
      this.#changed.delete(id);
      return;
    }
    if (this.#changed.size >= MAX_WAITING && !this.#changed.has(id)) this.beginAgain();
    else this.#changed.set(id, isChosen ? record : null);
    this.#bell.ring();
  }

  /** Something may be missing: the watcher begins with what is there. */
  beginAgain(): void {
    this.#beginsAgain = true;
    this.#changed.clear();
    this.#bell.ring();
  }

  /** Whether it has to begin again; asked once. Then it gets what is there, and has {@link begun}. */
  takeBeginning(): boolean {
    if (!this.#beginsAgain) return false;
    this.#beginsAgain = false;
    this.#isBeginning = true;
    this.#has.clear();
    return true;
  }

  /** It gets these. */
  sends(records: readonly AlertRecord[]): void {
    for (const record of records) {
      if (isOpen(record)) this.#has.add(record.id);
      else this.#has.delete(record.id);
    }
  }

  begun(): void {
    this.#isBeginning = false;
  }

  take(): AlertNews {
    const changed = [...this.#changed.values()].filter((record) => record !== null);
    const leftIds = [...this.#changed].flatMap(([id, record]) => (record === null ? [id] : []));
    this.#changed = new Map();
    this.sends(changed);
    return { changed, leftIds: leftIds.filter((id) => this.#has.delete(id)) };
  }

  /** Resolves when there may be something to take, or when it is woken. */
  async arrived(): Promise<void> {
    if (this.#changed.size === 0 && !this.#beginsAgain) await this.#bell.rung();
  }

  wake(): void {
    this.#bell.ring();
  }
}

interface FeedDeps {
  readonly db: Db;
  readonly onTrouble: (error: unknown) => number;
  readonly onSuccess: () => void;
}

/** The changes of alerts, whichever process makes them: MongoDB tells all that follow its collection. */
export class AlertFeed {
  readonly #deps: FeedDeps;
  readonly #watches = new Set<AlertWatch>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  get watchCount(): number {
    return this.#watches.size;
  }

  open(choice: AlertChoice): AlertWatch {
    const watch = new AlertWatch(choice);
    this.#watches.add(watch);
    return watch;
  }

  close(watch: AlertWatch): void {
    this.#watches.delete(watch);
  }

  /** Resolves when it follows. */
  async start(): Promise<void> {
    const followed = Promise.withResolvers<void>();
    this.#running = this.#run(followed.resolve);
    await Promise.race([followed.promise, this.#running]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(onFollowed: () => void): Promise<void> {
    const { db, onTrouble, onSuccess } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const changes = db.collection('alerting_alerts').watch<{ readonly record: AlertRecord }>([]);
      const close = () => void changes.close().catch(() => undefined);
      signal.addEventListener('abort', close, { once: true });
      try {
        // It begins with the first look.
        let change = await changes.tryNext();
        onFollowed();
        onSuccess();
        for (const watch of this.#watches) watch.beginAgain();
        for (; !signal.aborted; change = await changes.next()) if (change) this.#tell(change);
      } catch (error) {
        if (!signal.aborted) await pause(onTrouble(error), signal);
      } finally {
        signal.removeEventListener('abort', close);
        close();
      }
    }
  }

  #tell(change: object): void {
    const { fullDocument } = change as { readonly fullDocument?: { readonly record?: AlertRecord } };
    if (!fullDocument?.record) return;
    for (const watch of this.#watches) watch.push(fullDocument.record);
  }
}
