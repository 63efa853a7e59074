/**
 * Wakes whoever waits for something to happen. It remembers nothing: who looks whether it has happened, and waits at once
 * where it has not, misses no ring.
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
