import type { KeptFloors } from '@odograph/cache/floors';
import { INVALIDATIONS, type Stamp } from '@odograph/cache/version';
import type { Position } from '@odograph/kernel/position';
import type { KeptFile } from './kept-file.ts';

/** What makes values in Redis and in files invalid, and up to where of the log and of the list of invalidations that is known. */
export interface Known {
  readonly positions: readonly Position[];
  readonly invalidations: Stamp | undefined;
  readonly floors: readonly KeptFloors[];
}

export const NOTHING_KNOWN: Known = { positions: [], invalidations: undefined, floors: [] };

/** Changes with its form. */
const FORM = 1;

/** What a process knows of invalid values, for the next one: without it, all that is older is invalid. */
export class KeptKnowledge {
  readonly #file: KeptFile;

  constructor(file: KeptFile) {
    this.#file = file;
  }

  /** The floors of statuses are left out: the next process takes all of them from history. */
  async store({ floors, ...others }: Known): Promise<void> {
    const kept = floors.filter(({ domain }) => domain === INVALIDATIONS || domain.startsWith('log/'));
    await this.#file.store({ form: FORM, ...others, floors: kept });
  }

  async read(): Promise<Known> {
    const content = (await this.#file.read()) as (Known & { readonly form?: unknown }) | undefined;
    return content?.form === FORM ? content : NOTHING_KNOWN;
  }
}
