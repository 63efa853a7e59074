import { isDeepStrictEqual } from 'node:util';
import { WorkTurn } from '@odograph/platform/work-turn';
import type { Choice } from '../domain/choice.ts';
import { EMPTY_PROFILE, mergeProfiles, type Profile } from '../domain/profile.ts';

/** What has changed of a vehicle for those who choose vehicles. */
export interface ProfileChange {
  readonly before: Profile | undefined;
  readonly after: Profile;
}

/** Where a page begins and how long it is. */
interface PageOptions {
  /** After this vehicle; empty: from the first. */
  readonly after: string;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** Every vehicle, by id, with what lists and watches choose it by: about 500 bytes each. */
export class Directory {
  readonly #profiles = new Map<string, Profile>();
  /** Vehicles with an event that history could not apply: what is in the log after it does not count yet. */
  readonly #parked = new Set<string>();
  /** In order, without those that were added since. It is replaced, not changed. */
  #sorted: readonly string[] = [];
  #added: string[] = [];

  get size(): number {
    return this.#profiles.size;
  }

  profileOf(vehicleId: string): Profile | undefined {
    return this.#profiles.get(vehicleId);
  }

  /** Adds what is known of a vehicle, from a list or from an event, in whatever order they come. */
  merge(vehicleId: string, came: Profile): ProfileChange {
    const before = this.#profiles.get(vehicleId);
    const after = mergeProfiles(before ?? EMPTY_PROFILE, came);
    if (after !== before) this.#profiles.set(vehicleId, after);
    if (!before) this.#added.push(vehicleId);
    return { before, after };
  }

  isParked(vehicleId: string): boolean {
    return this.#parked.has(vehicleId);
  }

  /** Takes what history has of a vehicle, which alone counts while an event of it is parked. */
  take(vehicleId: string, came: Profile, isParked: boolean): ProfileChange {
    if (!isParked) {
      this.#parked.delete(vehicleId);
      return this.merge(vehicleId, came);
    }
    this.#parked.add(vehicleId);
    const { before } = this.merge(vehicleId, came);
    const after = before && isDeepStrictEqual(before, came) ? before : came;
    this.#profiles.set(vehicleId, after);
    return { before, after };
  }

  clear(): void {
    this.#profiles.clear();
    this.#parked.clear();
    [this.#sorted, this.#added] = [[], []];
  }

  /** The next vehicles that a choice has, in order, and whether there are more. */
  async page(choice: Choice, { after, limit, signal }: PageOptions) {
    const ids = this.#inOrder();
    const turn = new WorkTurn(signal);
    const vehicleIds: string[] = [];
    for (let at = firstAfter(ids, after); at < ids.length; at += 1) {
      if (turn.isOver()) await turn.next();
      const vehicleId = ids[at] as string;
      const profile = this.#profiles.get(vehicleId);
      if (!profile || !choice(vehicleId, profile)) continue;
      if (vehicleIds.length === limit) return { vehicleIds, hasMore: true };
      vehicleIds.push(vehicleId);
    }
    return { vehicleIds, hasMore: false };
  }

  #inOrder(): readonly string[] {
    // Two parts in order are put together in one go.
    if (this.#added.length > 0) this.#sorted = [...this.#sorted, ...this.#added.sort()].sort();
    this.#added = [];
    return this.#sorted;
  }
}

/** The index of the first text that comes after another one. */
function firstAfter(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) > text) high = middle;
    else low = middle + 1;
  }
  return low;
}
