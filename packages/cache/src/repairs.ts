import { mergeFloors, type Version } from './version.ts';

/** Floors that a tier has refused, by key: they are raised when it answers again. */
export class Repairs {
  readonly #max: number;
  readonly #floors = new Map<string, Version>();

  constructor(max: number) {
    this.#max = max;
  }

  get depth(): number {
    return this.#floors.size;
  }

  /** Returns false if there is no room. */
  add(key: string, floors: Version): boolean {
    const held = this.#floors.get(key);
    if (!held && this.#floors.size >= this.#max) return false;
    this.#floors.set(key, held ? mergeFloors(held, floors) : floors);
    return true;
  }

  /** Raises them one after the other, until one is refused. */
  async repair(raise: (key: string, floors: Version) => Promise<boolean>): Promise<void> {
    for (const [key, floors] of this.#floors) {
      if (!(await raise(key, floors))) return;
      if (this.#floors.get(key) === floors) this.#floors.delete(key);
    }
  }
}
