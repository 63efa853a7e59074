import { Bell } from '@odograph/kernel/bell';
import { type Choice, type Conditions, choiceOf } from '../domain/choice.ts';
import type { ProfileChange } from '../statuses/directory.ts';

/** Vehicles whose change a watch has not sent yet, above the number that it began with. With more it begins again: that is shorter. */
export const MAX_CHANGED = 10_000;

/** What a watch has not sent yet of the vehicles that changed: which, and not how often. */
export class Watch {
  readonly conditions: Conditions;
  readonly choice: Choice;
  readonly #bell = new Bell();
  readonly #changed = new Set<string>();
  readonly #left = new Set<string>();
  #beginsAgain = true;
  /** How many vehicles it has sent since it began. */
  #sent = 0;
  /** Up to which vehicle everything is sent; undefined: all is. */
  #sentTo: string | undefined;

  constructor(conditions: Conditions) {
    this.conditions = conditions;
    this.choice = choiceOf(conditions);
  }

  /** How many vehicles it has to take. */
  get waiting(): number {
    return this.#changed.size + this.#left.size;
  }

  /** A vehicle has changed. It may be none of this watch. */
  see(vehicleId: string, { before, after }: ProfileChange): void {
    if (this.#beginsAgain) return;
    const was = before !== undefined && this.choice(vehicleId, before);
    const is = this.choice(vehicleId, after);
    if (is && !(was && this.#isToCome(vehicleId))) this.#note(vehicleId, this.#changed, this.#left);
    else if (was && !is) this.#note(vehicleId, this.#left, this.#changed);
  }

  /** Everything is sent again. */
  beginAgain(): void {
    this.#changed.clear();
    this.#left.clear();
    this.#beginsAgain = true;
    this.#bell.ring();
  }

  /** Whether everything is to be sent again, from the first vehicle on. Then say what is {@link sent}. */
  takeBeginning(): boolean {
    const beginsAgain = this.#beginsAgain;
    this.#beginsAgain = false;
    if (beginsAgain) [this.#sent, this.#sentTo] = [0, ''];
    return beginsAgain;
  }

  /** Of everything, these vehicles are read next and sent. A change of a vehicle that comes after them need not be sent apart. */
  sent(vehicleIds: readonly string[], hasMore: boolean): void {
    this.#sent += vehicleIds.length;
    this.#sentTo = hasMore ? vehicleIds.at(-1) : undefined;
  }

  /** Some of the vehicles that changed, and those that left. */
  take(most: number): { readonly changed: readonly string[]; readonly left: readonly string[] } {
    return { changed: takeFrom(this.#changed, most), left: takeFrom(this.#left, most) };
  }

  /** Resolves when there is something to take. */
  async arrived(): Promise<void> {
    if (this.waiting === 0 && !this.#beginsAgain) await this.#bell.rung();
  }

  wake(): void {
    this.#bell.ring();
  }

  /** Whether a vehicle that everything has is not sent yet. */
  #isToCome(vehicleId: string): boolean {
    return this.#sentTo !== undefined && vehicleId > this.#sentTo;
  }

  #note(vehicleId: string, to: Set<string>, from: Set<string>): void {
    from.delete(vehicleId);
    to.add(vehicleId);
    if (this.waiting > this.#sent + MAX_CHANGED) this.beginAgain();
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
