import { Bell } from '@odograph/kernel/bell';
import { type Choice, type Conditions, choiceOf } from '../domain/choice.ts';
import type { ProfileChange } from '../statuses/directory.ts';

/** Vehicles whose change one watch has not sent yet. With more it begins again, because that is shorter. */
export const MAX_CHANGED = 10_000;

/** What a watch has not sent yet of the vehicles that changed: which, and not how often. */
export class Watch {
  readonly conditions: Conditions;
  readonly choice: Choice;
  readonly #bell = new Bell();
  readonly #changed = new Set<string>();
  readonly #left = new Set<string>();
  #beginsAgain = true;

  constructor(conditions: Conditions) {
    this.conditions = conditions;
    this.choice = choiceOf(conditions);
  }

  /** A vehicle has changed. It may be none of this watch. */
  see(vehicleId: string, { before, after }: ProfileChange): void {
    const was = before !== undefined && this.choice(vehicleId, before);
    const is = this.choice(vehicleId, after);
    if (is) this.#note(vehicleId, this.#changed, this.#left);
    else if (was) this.#note(vehicleId, this.#left, this.#changed);
  }

  /** Everything is sent again. */
  beginAgain(): void {
    this.#changed.clear();
    this.#left.clear();
    this.#beginsAgain = true;
    this.#bell.ring();
  }

  /** Whether everything is to be sent again. What changes from now on comes after that. */
  takeBeginning(): boolean {
    const beginsAgain = this.#beginsAgain;
    this.#beginsAgain = false;
    return beginsAgain;
  }

  /** Some of the vehicles that changed, and those that left. */
  take(most: number): { readonly changed: readonly string[]; readonly left: readonly string[] } {
    return { changed: takeFrom(this.#changed, most), left: takeFrom(this.#left, most) };
  }

  /** Resolves when there is something to take. */
  async arrived(): Promise<void> {
    if (this.#changed.size + this.#left.size === 0 && !this.#beginsAgain) await this.#bell.rung();
  }

  wake(): void {
    this.#bell.ring();
  }

  #note(vehicleId: string, to: Set<string>, from: Set<string>): void {
    from.delete(vehicleId);
    to.add(vehicleId);
    if (this.#changed.size + this.#left.size > MAX_CHANGED) this.beginAgain();
    else this.#bell.ring();
  }
}

function takeFrom(set: Set<string>, most: number): readonly string[] {
  const taken: string[] = [];
  for (const each of set) {
    if (taken.length === most) break;
    taken.push(each);
    set.delete(each);
  }
  return taken;
}
