import type { Conditions } from '../domain/choice.ts';
import { listedAs, locationOf, type Profile } from '../domain/profile.ts';
import type { ProfileChange } from '../statuses/directory.ts';
import { BoxGrid } from './box-grid.ts';
import { Watch } from './watch.ts';

/** Vehicles whose change all watches together have not sent yet, about 80 bytes each. */
export const MAX_WAITING = 1_000_000;
/** What is left of them when there are too many, so that they are not counted again soon. */
const LEFT_RATIO = 0.9;

/** All open watches, by the condition that chooses best: a change is shown to those only that it may concern. */
export class Watches {
  readonly #all = new Set<Watch>();
  readonly #byVehicle = new Groups();
  readonly #byFleet = new Groups();
  readonly #byTag = new Groups();
  readonly #boxes = new BoxGrid<Watch>();
  readonly #others = new Set<Watch>();
  readonly #maxWaiting: number;
  /** What waits in all watches, at most: what is taken still counts. */
  #mostWaiting = 0;

  constructor(maxWaiting = MAX_WAITING) {
    this.#maxWaiting = maxWaiting;
  }

  get size(): number {
    return this.#all.size;
  }

  /** A watch until it is closed. */
  open(conditions: Conditions): Watch {
    const watch = new Watch(conditions);
    this.#all.add(watch);
    const { vehicleIds, fleet, tag, box } = conditions;
    if (vehicleIds) for (const vehicleId of vehicleIds) this.#byVehicle.add(vehicleId, watch);
    else if (fleet !== '') this.#byFleet.add(fleet, watch);
    else if (tag !== '') this.#byTag.add(tag, watch);
    else if (box) this.#boxes.add(box, watch);
    else this.#others.add(watch);
    return watch;
  }

  close(watch: Watch): void {
    this.#all.delete(watch);
    this.#others.delete(watch);
    const { vehicleIds = [], fleet, tag, box } = watch.conditions;
    for (const vehicleId of vehicleIds) this.#byVehicle.remove(vehicleId, watch);
    this.#byFleet.remove(fleet, watch);
    this.#byTag.remove(tag, watch);
    if (box) this.#boxes.remove(box, watch);
  }

  changed(vehicleId: string, change: ProfileChange): void {
    if (this.#all.size === 0) return;
    for (const watch of this.#concerned(vehicleId, change)) {
      const { waiting } = watch;
      watch.see(vehicleId, change);
      if (watch.waiting > waiting) this.#mostWaiting += 1;
    }
    if (this.#mostWaiting > this.#maxWaiting) this.#makeRoom();
  }

  /** All that was sent may be wrong. */
  beginAgain(): void {
    for (const watch of this.#all) watch.beginAgain();
  }

  /** Those that have most to send begin again. */
  #makeRoom(): void {
    const watches = [...this.#all].sort((a, b) => a.waiting - b.waiting);
    let sum = watches.reduce((waiting, watch) => waiting + watch.waiting, 0);
    for (let most = watches.pop(); most && sum > LEFT_RATIO * this.#maxWaiting; most = watches.pop()) {
      sum -= most.waiting;
      most.beginAgain();
    }
    this.#mostWaiting = sum;
  }

  #concerned(vehicleId: string, { before, after }: ProfileChange): Iterable<Watch> {
    const found = new Set<Watch>([...this.#others, ...this.#byVehicle.of(vehicleId)]);
    for (const profile of before && before !== after ? [before, after] : [after])
      for (const watch of this.#by(profile)) found.add(watch);
    return found;
  }

  *#by(profile: Profile): Iterable<Watch> {
    const { fleet, tags } = listedAs(profile);
    yield* this.#byFleet.of(fleet);
    for (const tag of tags) yield* this.#byTag.of(tag);
    const location = locationOf(profile);
    if (location) yield* this.#boxes.around(location);
  }
}

/** Watches by a text. */
class Groups {
  readonly #groups = new Map<string, Set<Watch>>();

  of(name: string): Iterable<Watch> {
    return this.#groups.get(name) ?? NONE;
  }

  add(name: string, watch: Watch): void {
    this.#groups.set(name, (this.#groups.get(name) ?? new Set()).add(watch));
  }

  remove(name: string, watch: Watch): void {
    const group = this.#groups.get(name);
    group?.delete(watch);
    if (group?.size === 0) this.#groups.delete(name);
  }
}

const NONE: ReadonlySet<Watch> = new Set();
