import type { Loaded } from '@odograph/cache/answer';
import type { TypedCache } from '@odograph/cache/typed-cache';
import { covers } from '@odograph/cache/version';
import { pause } from '@odograph/kernel/clock';
import { encodeState } from '@odograph/projections/status-state';
import type { CachedStatus } from './cached-status.ts';
import type { StatusSource } from './status-source.ts';

/** After how long a status that is held must be the one that history had. Before, its event may be under way. */
export const COMPARED_AFTER_MS = [1_000, 5_000, 30_000] as const;

interface SamplerDeps {
  readonly typed: Pick<TypedCache<CachedStatus>, 'hotKeys' | 'size' | 'inspect' | 'isCurrent'>;
  readonly source: Pick<StatusSource, 'load'>;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Called for each comparison. */
  readonly onCompared: (vehicleId: string, afterMs: number, agrees: boolean) => void;
}

/** Vehicles among which one is chosen, those that were asked for last. */
const AMONG = 10_000;

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
      const agrees = this.#agrees(vehicleId, loaded);
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

  /** Undefined if nothing is held that would be answered. */
  #agrees(vehicleId: string, { value, version }: Loaded<CachedStatus>): boolean | undefined {
    const { typed } = this.#deps;
    const held = typed.inspect(vehicleId);
    if (!held || !typed.isCurrent(vehicleId, held.version)) return undefined;
    if (contentOf(held.value) === contentOf(value)) return true;
    // It has an event that history did not have when it was asked.
    return version.every((stamp) => covers(held.version, stamp));
  }
}

function contentOf(status: CachedStatus | undefined): string {
  if (!status) return '';
  const state = Buffer.from(encodeState(status.slice) ?? []).toString();
  return JSON.stringify([state, status.parkedAt]);
}
