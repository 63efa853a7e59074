import type { Conditions } from '../domain/choice.ts';
import { listedAs, locationOf, type Profile } from '../domain/profile.ts';
import type { ProfileChange } from '../statuses/directory.ts';
import { BoxGrid } from './box-grid.ts';
import { Watch } from './watch.ts';

/** All open watches, by the condition that chooses best: a change is shown to those only that it may concern. */
export class Watches {
  readonly #all = new Set<Watch>();
  readonly #byVehicle = new Groups();
  readonly #byFleet = new Groups();
  readonly #byTag = new Groups();
  readonly #boxes = new BoxGrid<Watch>();
  readonly #others = new Set<Watch>();

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
    for (const watch of this.#concerned(vehicleId, change)) watch.see(vehicleId, change);
  }

  /** All that was sent may be wrong. */
  beginAgain(): void {
    for (const watch of this.#all) watch.beginAgain();
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
