/**
 * Divides a bounded number of bytes between holders, for example clients or partitions. A holder may hold at most as much as
 * is still free: alone half of all, beside another one a third. So there is always room for one that holds nothing yet,
 * and the number of holders need not be known (the dynamic threshold of Choudhury and Hahne, 1998).
 */
export class FairShare<Holder> {
  readonly maxBytes: number;
  readonly #held = new Map<Holder, number>();
  #total = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** What all hold. */
  get total(): number {
    return this.#total;
  }

  heldBy(holder: Holder): number {
    return this.#held.get(holder) ?? 0;
  }

  /** Takes bytes for a holder, or returns false if that would be more than its share. */
  tryTake(holder: Holder, bytes: number): boolean {
    const held = this.heldBy(holder) + bytes;
    if (held > this.maxBytes - this.#total) return false;
    this.#total += bytes;
    this.#held.set(holder, held);
    return true;
  }

  /** Gives back bytes that a holder took. */
  give(holder: Holder, bytes: number): void {
    const held = this.heldBy(holder) - bytes;
    this.#total -= bytes;
    if (held > 0) this.#held.set(holder, held);
    else this.#held.delete(holder);
  }
}
