/**
 * Divides a bounded amount, of bytes or of places, between holders, for example clients or partitions. A holder may hold at
 * most as much as is still free: alone half of all, beside another one a third. So a few holders leave something for one that
 * holds nothing yet, and their number need not be known (the dynamic threshold of Choudhury and Hahne, 1998).
 */
export class FairShare<Holder> {
  readonly max: number;
  readonly #maxEach: number;
  readonly #held = new Map<Holder, number>();
  #total = 0;

  /** @param maxEach what one holder may have at most, however much is free */
  constructor(max: number, maxEach = max) {
    this.max = max;
    this.#maxEach = maxEach;
  }

  /** What all hold. */
  get total(): number {
    return this.#total;
  }

  heldBy(holder: Holder): number {
    return this.#held.get(holder) ?? 0;
  }

  /** Takes an amount for a holder, or returns false if that would be more than its share. */
  tryTake(holder: Holder, amount: number): boolean {
    if (this.heldBy(holder) + amount > this.#shareNow()) return false;
    this.take(holder, amount);
    return true;
  }

  /** Whether a holder has less than its share. */
  hasRoom(holder: Holder): boolean {
    return this.heldBy(holder) < this.#shareNow();
  }

  /** Takes an amount that was not known before it was there. It may be more than the share. */
  take(holder: Holder, amount: number): void {
    this.#total += amount;
    this.#held.set(holder, this.heldBy(holder) + amount);
  }

  /** Gives back what a holder took. */
  give(holder: Holder, amount: number): void {
    const held = this.heldBy(holder) - amount;
    this.#total -= amount;
    if (held > 0) this.#held.set(holder, held);
    else this.#held.delete(holder);
  }

  #shareNow(): number {
    return Math.min(this.#maxEach, this.max - this.#total);
  }
}
