/**
 * Wakes all current waiters.
 * It keeps no state: check your condition, then call `rung()` in the same tick, and you cannot miss a ring.
 */
export class Bell {
  #next: PromiseWithResolvers<void> | undefined;

  ring(): void {
    this.#next?.resolve();
    this.#next = undefined;
  }

  /** Resolves at the next ring. */
  rung(): Promise<void> {
    this.#next ??= Promise.withResolvers<void>();
    return this.#next.promise;
  }
}
