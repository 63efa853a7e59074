import { Fault } from '@odograph/kernel/fault';
import type { LogCollections } from './collections.ts';
import { type Lease, moveWatermark, releaseLease, renewLease, takeLease } from './partition-record.ts';

export interface HeldLeaseParts {
  readonly partition: number;
  readonly owner: string;
  readonly collections: Pick<LogCollections, 'partitions'>;
  readonly leaseTtlMs: number;
}

/** One process's hold on a partition, from taking the lease to losing it or giving it up. */
export class HeldLease {
  readonly #parts: HeldLeaseParts;
  #lease: Lease | undefined;
  /** Until when it is held for certain, by our own monotonic clock: counted from before each request that extends it. */
  #untilMs = 0;

  constructor(parts: HeldLeaseParts) {
    this.#parts = parts;
  }

  get isHeld(): boolean {
    return this.#lease !== undefined;
  }

  /** The lease, taken now if it is not held and is free; undefined when somebody else holds it. */
  async acquire(): Promise<Lease | undefined> {
    const { collections, partition, owner, leaseTtlMs } = this.#parts;
    this.#lease ??= await this.#extending(() =>
      takeLease(collections.partitions, partition, owner, leaseTtlMs),
    );
    return this.#lease;
  }

  /** Throws a Fault VERSION_CONFLICT when the lease is lost. */
  async renew(lease: Lease): Promise<void> {
    const { collections, partition, leaseTtlMs } = this.#parts;
    if (await this.#extending(() => renewLease(collections.partitions, lease, leaseTtlMs))) return;
    throw new Fault('VERSION_CONFLICT', `the lease of partition ${partition} is lost`);
  }

  /** Moves the watermark, which extends the lease. Throws a Fault VERSION_CONFLICT when it is lost. */
  async moveWatermark(
    lease: Lease,
    move: { readonly from: number; readonly to: number; readonly storedAtMs: number },
  ): Promise<void> {
    const { collections, leaseTtlMs: ttlMs } = this.#parts;
    await this.#extending(() => moveWatermark(collections.partitions, lease, { ...move, ttlMs }));
  }

  /**
   * Throws a Fault VERSION_CONFLICT when the lease may have run out: a process that was stopped for a while may wake up
   * as a former owner, and must not insert what others jumped over.
   */
  assertHeld(): void {
    if (performance.now() < this.#untilMs) return;
    throw new Fault('VERSION_CONFLICT', `the lease of partition ${this.#parts.partition} may have run out`);
  }

  /** Somebody else has it. */
  lose(): void {
    this.#lease = undefined;
  }

  /** So that the next owner need not wait for it to run out. */
  async giveUp(): Promise<void> {
    if (this.#lease) await releaseLease(this.#parts.collections.partitions, this.#lease);
    this.#lease = undefined;
  }

  async #extending<T>(request: () => Promise<T>): Promise<T> {
    const untilMs = performance.now() + this.#parts.leaseTtlMs;
    const answer = await request();
    this.#untilMs = untilMs;
    return answer;
  }
}
