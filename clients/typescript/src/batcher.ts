/** Groups the items of a source. It reads ahead no further than the batch that was asked for. */
export class Batcher<Item> {
  readonly #items: AsyncIterator<Item>;
  readonly #maxItems: number;
  readonly #lingerMs: number;
  /** Asked of the source, and in no batch yet. */
  #next: Promise<IteratorResult<Item>> | undefined;

  constructor(source: AsyncIterable<Item>, maxItems: number, lingerMs: number) {
    this.#items = source[Symbol.asyncIterator]();
    this.#maxItems = maxItems;
    this.#lingerMs = lingerMs;
  }

  /**
   * The next items: `maxItems`, or fewer once the first has waited `lingerMs` or the source ended. Empty at the end.
   * Throws the source's error after the items before it.
   */
  async next(): Promise<Item[]> {
    const batch: Item[] = [];
    const lingered = Promise.withResolvers<undefined>();
    let timer: NodeJS.Timeout | undefined;
    try {
      while (batch.length < this.#maxItems) {
        this.#next ??= this.#items.next();
        const next = await (timer ? Promise.race([this.#next, lingered.promise]) : this.#next);
        if (!next || next.done) break;
        this.#next = undefined;
        timer ??= setTimeout(() => lingered.resolve(undefined), this.#lingerMs);
        batch.push(next.value);
      }
    } catch (error) {
      if (batch.length === 0) throw error;
    } finally {
      clearTimeout(timer);
    }
    return batch;
  }

  /** Ends the source, also while it is being read. */
  stop(): void {
    // A generator that is waiting ends only after its wait, which may be long. What it throws at its end concerns no caller.
    void Promise.resolve(this.#items.return?.()).catch(() => undefined);
  }
}
