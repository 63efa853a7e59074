import type { Cache } from '@odograph/cache/cache';
import type { Position } from '@odograph/kernel/position';
import { changesWhatIsKept } from '../domain/outdating.ts';
import type { SeenEvent } from '../domain/seen-event.ts';
import { vehicleTag } from './cached-calls.ts';
import { stampOf } from './stamps.ts';

/** Makes invalid what is kept of the answers of history, when the log has something that changes it. */
export class Outdating {
  readonly #cache: Cache;
  #isComplete = false;

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** Whether all is known that the log had before it was followed. Until then nothing is certain. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** From now on, what the log has before it is followed is not known. */
  begin(): void {
    this.#isComplete = false;
  }

  complete(): void {
    this.#isComplete = true;
  }

  apply(seen: SeenEvent): void {
    if (changesWhatIsKept(seen, Date.now()))
      this.#cache.raise({ tag: vehicleTag(seen.vehicleId) }, stampOf(seen.position));
  }

  /** What was kept before this position may be invalid: what the log had until then was not seen. */
  skip(position: Position): void {
    this.#cache.raise({ all: true }, stampOf(position));
  }
}
