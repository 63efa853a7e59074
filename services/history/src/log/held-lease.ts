import { Fault } from '@odograph/kernel/fault';
import type { LogCollections } from './collections.ts';
import { acquireLease, type Lease, moveWatermark, releaseLease, renewLease } from './partition-record.ts';

interface HeldLeaseDeps {
  readonly partition: number;
  readonly owner: string;
  readonly collections: Pick<LogCollections, 'partitions'>;
  readonly leaseTtlMs: number;
}

/** One process's lease of a partition, from acquiring it to losing or releasing it. */
export class HeldLease {
  readonly #deps: HeldLeaseDeps;
  #lease: Lease | undefined;
  /** Until when it is held for certain, by the monotonic clock: TTL after the start of the last request that extended it. */
  #untilMs = 0;

  constructor(deps: HeldLeaseDeps) {
    this.#deps = deps;
  }

  get isHeld(): boolean {
    return this.#lease !== undefined;
  }

  /** The lease, acquired now if it is free; undefined if another process holds it. */
  async acquire(): Promise<Lease | undefined> {
    const { collections, partition, owner, leaseTtlMs } = this.#deps;
    this.#lease ??= await this.#extending(() =>
      acquireLease(collections.partitions, partition, owner, leaseTtlMs),
    );
    return this.#lease;
  }

  /** Throws a Fault VERSION_CONFLICT if the lease is lost. */
  async renew(lease: Lease): Promise<void> {
    const { collections, partition, leaseTtlMs } = this.#deps;
    if (await this.#extending(() => renewLease(collections.partitions, lease, leaseTtlMs))) return;
    throw new Fault(
      'VERSION_CONFLICT',
      `the lease of partition ${partition} is lost: another process has it`,
    );
  }

  /** Moves the watermark and extends the lease. Throws a Fault VERSION_CONFLICT if the lease is lost. */
  async moveWatermark(
    lease: Lease,
    move: { readonly from: number; readonly to: number; readonly storedAtMs: number },
  ): Promise<void> {
    const { collections, leaseTtlMs: ttlMs } = this.#deps;
    await this.#extending(async () => {
      await moveWatermark(collections.partitions, lease, { ...move, ttlMs });
      return true;
    });
  }

  /**
   * Throws a Fault VERSION_CONFLICT if the lease may have expired. A process that was suspended continues as a former owner
   * without knowing it, and its successor may have repaired the stream and jumped over the sequences that it would insert.
   */
  assertHeld(): void {
    if (performance.now() < this.#untilMs) return;
    throw new Fault('VERSION_CONFLICT', `the lease of partition ${this.#deps.partition} may have expired`);
  }

  /** Another process has the lease. */
  lose(): void {
    this.#lease = undefined;
    this.#untilMs = 0;
  }

  /** Releases the lease, so that the next owner does not wait until it expires. */
  async release(): Promise<void> {
    if (this.#lease) await releaseLease(this.#deps.collections.partitions, this.#lease);
    this.lose();
  }

  /** A request that is refused gives false or undefined, and extends nothing. */
  async #extending<T>(request: () => Promise<T>): Promise<T> {
    const untilMs = performance.now() + this.#deps.leaseTtlMs;
    const answer = await request();
    if (answer) this.#untilMs = untilMs;
    return answer;
  }
}
