import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { formatPosition, type Position } from '@odograph/kernel/position';
import type { Collection, Db } from 'mongodb';

const POLL_MS = 20;
/** How often it is stored how far a view is that has nothing new. */
const STORE_EVERY_MS = 500;

/** How far the views of each partition are, for processes that do not own it. */
export class Reached {
  readonly #reached: Collection<{ readonly _id: number; readonly s: number }>;
  readonly #storedAtMs = new Map<number, number>();
  /** What is stored a little later. */
  readonly #later = new Map<number, number>();

  constructor(db: Db) {
    this.#reached = db.collection('alerting_reached');
  }

  /** The views of a partition include an envelope. Without something new it is stored now and then only. */
  async store({ partition, sequence }: Position, isNew: boolean): Promise<void> {
    const sinceMs = performance.now() - (this.#storedAtMs.get(partition) ?? Number.NEGATIVE_INFINITY);
    if (isNew || sinceMs >= STORE_EVERY_MS) {
      this.#later.delete(partition);
      return await this.#store(partition, sequence);
    }
    if (!this.#later.has(partition)) this.#storeLater(partition, STORE_EVERY_MS - sinceMs);
    this.#later.set(partition, sequence);
  }

  #storeLater(partition: number, afterMs: number): void {
    const store = async () => {
      const sequence = this.#later.get(partition);
      this.#later.delete(partition);
      if (sequence !== undefined) await this.#store(partition, sequence);
    };
    // If it fails, the next envelope is stored, and its failure is seen.
    setTimeout(() => void store().catch(() => undefined), afterMs).unref();
  }

  async #store(partition: number, sequence: number): Promise<void> {
    this.#storedAtMs.set(partition, performance.now());
    await this.#reached.updateOne({ _id: partition }, { $max: { s: sequence } }, { upsert: true });
  }

  /** The last envelope that the views of a partition include; 0: none. */
  async of(partition: number): Promise<number> {
    return (await this.#reached.findOne({ _id: partition }))?.s ?? 0;
  }

  /** The log was restored to a state before. */
  async forget(partition: number): Promise<void> {
    await this.#reached.deleteOne({ _id: partition });
  }

  /** Resolves when the views include a position. Throws a Fault DEADLINE if the signal is aborted before. */
  async wait(position: Position, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if ((await this.of(position.partition)) >= position.sequence) return;
      await pause(POLL_MS, signal);
    }
    throw new Fault('DEADLINE', `alerting has not come to ${formatPosition(position)} in time: ask again`);
  }
}
