import type { Loaded } from '@odograph/cache/answer';
import type { Entry } from '@odograph/cache/entry';
import type { TypedCache } from '@odograph/cache/typed-cache';
import { compareStamps, INVALIDATIONS, type Version } from '@odograph/cache/version';
import { pause } from '@odograph/kernel/clock';
import { encodeState } from '@odograph/projections/status-state';
import type { CachedStatus } from './cached-status.ts';
import type { Following } from './following.ts';
import { positionOf } from './stamps.ts';
import type { StatusSource } from './status-source.ts';
import { isAnswered } from './statuses.ts';

/** After how long a status that is held must be the one that history had. Before, its event may be under way. */
export const COMPARED_AFTER_MS = [1_000, 5_000, 30_000] as const;

interface SamplerDeps {
  readonly typed: Pick<TypedCache<CachedStatus>, 'hotKeys' | 'size' | 'inspect' | 'isCurrent'>;
  readonly source: Pick<StatusSource, 'load'>;
  readonly following: Pick<Following, 'reach'>;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Called for each comparison. */
  readonly onCompared: (vehicleId: string, afterMs: number, agrees: boolean) => void;
}

/** Vehicles among which one is chosen, those that were asked for last. */
const AMONG = 10_000;
/** How long the log is waited for, for what history had already. */
const UNDER_WAY_MS = 5_000;

/** Compares statuses that are held with those of history: whatever is wrong with the cache, it is seen here. */
export class Sampler {
  readonly #deps: SamplerDeps;

  constructor(deps: SamplerDeps) {
    this.#deps = deps;
  }

  /** Compares one status, several times until half a minute later. Throws if history does not answer. */
  async sample(signal: AbortSignal): Promise<void> {
    const { source, onCompared } = this.#deps;
    const vehicleId = this.#choose();
    if (vehicleId === undefined) return;
    const loaded = await source.load(vehicleId)(signal, []);
    let waitedMs = 0;
    for (const afterMs of COMPARED_AFTER_MS) {
      await pause(afterMs - waitedMs, signal);
      if (signal.aborted) return;
      waitedMs = afterMs;
      const agrees = await this.#agrees(vehicleId, loaded, signal);
      if (agrees !== undefined) onCompared(vehicleId, afterMs, agrees);
    }
  }

  #choose(): string | undefined {
    const { typed, random } = this.#deps;
    let left = Math.floor(random() * Math.min(typed.size, AMONG));
    for (const vehicleId of typed.hotKeys()) {
      if (left === 0) return vehicleId;
      left -= 1;
    }
    return undefined;
  }

  /** Undefined if that cannot be said: nothing is held that would be answered, or it changes too fast. */
  async #agrees(
    vehicleId: string,
    earlier: Loaded<CachedStatus>,
    signal: AbortSignal,
  ): Promise<boolean | undefined> {
    const held = this.#held(vehicleId);
    if (!held) return undefined;
    if (isSame(held, earlier)) return true;
    if (!isAfter(held.version, earlier.version)) return false;
    // It has events that history did not have then. One of those before them may be missing.
    const now = await this.#deps.source.load(vehicleId)(signal, held.version);
    if (isSame(held, now)) return true;
    const hasArrived = await this.#arrived(now.version, signal);
    return hasArrived && this.#held(vehicleId) === held ? false : undefined;
  }

  /** What is held if it would be answered. */
  #held(vehicleId: string): Entry<CachedStatus> | undefined {
    const { typed } = this.#deps;
    const held = typed.inspect(vehicleId);
    return held && isAnswered(typed, vehicleId, held.version) ? held : undefined;
  }

  /** Waits until the log is followed as far as history was. Gives whether it is: else the cache is behind, and says so. */
  async #arrived(version: Version, signal: AbortSignal): Promise<boolean> {
    const stamp = ownOf(version);
    const either = AbortSignal.any([signal, AbortSignal.timeout(UNDER_WAY_MS)]);
    return stamp !== undefined && (await this.#deps.following.reach(positionOf(stamp), either));
  }
}

/** Whether the first is of a later place of the same log. */
function isAfter(a: Version, b: Version): boolean {
  const [first, second] = [ownOf(a), ownOf(b)];
  return first !== undefined && second !== undefined && compareStamps(first, second) > 0;
}

const ownOf = (version: Version) => version.find(({ domain }) => domain !== INVALIDATIONS);

function isSame(a: { readonly value: CachedStatus | undefined }, b: typeof a): boolean {
  return contentOf(a.value) === contentOf(b.value);
}

function contentOf(status: CachedStatus | undefined): string {
  if (!status) return '';
  const state = Buffer.from(encodeState(status.slice) ?? []).toString();
  return JSON.stringify([state, status.parkedAt]);
}
