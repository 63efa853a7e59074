import { compareStamps, covers, INVALIDATIONS, PENDING, type Stamp, type Version } from './version.ts';

/** What a floor is for: one entry, all entries with a tag, all whose key begins with a text that ends in a colon, or all. */
export type Scope =
  | { readonly key: string }
  | { readonly tag: string }
  | { readonly prefix: string }
  | { readonly all: true };

/** What floors are looked up by. */
export interface Guarded {
  readonly key: string;
  readonly tags: readonly string[];
}

/** The floors of a domain as they are kept over a restart: the horizon, and the others by name. */
export interface KeptFloors {
  readonly domain: string;
  readonly horizon: Stamp | undefined;
  readonly floors: readonly (readonly [name: string, stamp: Stamp])[];
}

/**
 * The floors that a process knows: a value below one of them is not stored and not answered.
 *
 * Of each domain a limited number is kept. When there are more, the one that was raised first becomes the *horizon*, a floor of
 * all entries from its source: what is older is loaded again, and nothing that was invalidated can come back.
 */
export class Floors {
  readonly #perDomain: number;
  readonly #domains = new Map<string, DomainFloors>();

  constructor(perDomain: number, kept: readonly KeptFloors[] = []) {
    this.#perDomain = perDomain;
    for (const each of kept) this.#domains.set(each.domain, new DomainFloors(perDomain, each));
  }

  /** Returns false if the floor was there already, or a higher one. */
  raise(scope: Scope, stamp: Stamp): boolean {
    let domain = this.#domains.get(stamp.domain);
    if (!domain) {
      domain = new DomainFloors(this.#perDomain);
      this.#domains.set(stamp.domain, domain);
    }
    return domain.raise(scope, stamp);
  }

  forget(domain: string): void {
    this.#domains.delete(domain);
  }

  /** Whether a value of this version is above all floors that concern it. */
  allows(guarded: Guarded, version: Version): boolean {
    for (const [name, domain] of this.#domains) {
      const floor = domain.of(guarded, concernsAll(name, version));
      if (floor && !covers(version, floor)) return false;
    }
    return true;
  }

  /** The highest floors of an entry of this version, one for each domain that has one. */
  of(guarded: Guarded, version: Version): Version {
    return Array.from(
      this.#domains,
      ([name, domain]) => domain.of(guarded, concernsAll(name, version)) ?? [],
    ).flat();
  }

  keep(): readonly KeptFloors[] {
    return Array.from(this.#domains, ([name, domain]) => ({ domain: name, ...domain.keep() }));
  }
}

/** A floor of all entries concerns those that are read from its source, and if it is of invalidations, every one. */
function concernsAll(domain: string, version: Version): boolean {
  return domain === INVALIDATIONS || domain === PENDING || version.some((stamp) => stamp.domain === domain);
}

/** The floors of one domain, in the order in which they were raised. */
class DomainFloors {
  readonly #max: number;
  readonly #floors: Map<string, Stamp>;
  #horizon: Stamp | undefined;

  constructor(max: number, kept?: Omit<KeptFloors, 'domain'>) {
    this.#max = max;
    this.#floors = new Map(kept?.floors);
    this.#horizon = kept?.horizon;
  }

  raise(scope: Scope, stamp: Stamp): boolean {
    if ('all' in scope) return this.#raiseHorizon(stamp);
    const name = nameOf(scope);
    const held = greater(this.#horizon, this.#floors.get(name));
    if (held && compareStamps(held, stamp) >= 0) return false;
    this.#floors.delete(name);
    this.#floors.set(name, stamp);
    if (this.#floors.size > this.#max) this.#forgetFirst();
    return true;
  }

  of({ key, tags }: Guarded, withHorizon: boolean): Stamp | undefined {
    let highest = greater(withHorizon ? this.#horizon : undefined, this.#floors.get(`=${key}`));
    for (const tag of tags) highest = greater(highest, this.#floors.get(`#${tag}`));
    for (let end = key.indexOf(':'); end >= 0; end = key.indexOf(':', end + 1))
      highest = greater(highest, this.#floors.get(key.slice(0, end + 1)));
    return highest;
  }

  keep(): Omit<KeptFloors, 'domain'> {
    return { horizon: this.#horizon, floors: [...this.#floors] };
  }

  #forgetFirst(): void {
    const [first] = this.#floors;
    if (!first) return;
    this.#floors.delete(first[0]);
    this.#raiseHorizon(first[1]);
  }

  #raiseHorizon(stamp: Stamp): boolean {
    if (this.#horizon && compareStamps(this.#horizon, stamp) >= 0) return false;
    this.#horizon = stamp;
    return true;
  }
}

/** A prefix ends in a colon and no key begins with `=` or `#`, so these names differ. */
function nameOf(scope: Exclude<Scope, { readonly all: true }>): string {
  if ('key' in scope) return `=${scope.key}`;
  return 'tag' in scope ? `#${scope.tag}` : scope.prefix;
}

function greater(a: Stamp | undefined, b: Stamp | undefined): Stamp | undefined {
  return !a || (b && compareStamps(b, a) > 0) ? b : a;
}
