import type { KeptFloors, Scope } from '@odograph/cache/floors';
import { INVALIDATIONS, type Stamp } from '@odograph/cache/version';
import type { Position } from '@odograph/kernel/position';
import type { KeptFile } from './kept-file.ts';

/** What makes values in Redis and in files invalid, and up to where of the log and of the list of invalidations that is known. */
export interface Known {
  readonly positions: readonly Position[];
  readonly invalidations: Stamp | undefined;
  readonly floors: readonly KeptFloors[];
  /** What was made invalid and could not be published. */
  readonly pending: readonly Scope[];
}

export const NOTHING_KNOWN: Known = { positions: [], invalidations: undefined, floors: [], pending: [] };

/** Changes with its form. */
const FORM = 1;

/** What a process knows of invalid values, for the next one: without it, all that is older is invalid. */
export class KeptKnowledge {
  readonly #file: KeptFile;
  /** What is in the file. */
  #last = NOTHING_KNOWN;

  constructor(file: KeptFile) {
    this.#file = file;
  }

  /** The floors of statuses are left out: the next process takes all of them from history. */
  async store({ floors, ...others }: Known): Promise<void> {
    const kept = floors.filter(({ domain }) => domain === INVALIDATIONS || domain.startsWith('log/'));
    const known = { ...others, floors: kept };
    await this.#file.store({ form: FORM, ...known });
    this.#last = known;
  }

  /** While it is not known what else is invalid, the rest stays as it was. */
  async storePending(pending: readonly Scope[]): Promise<void> {
    await this.store({ ...this.#last, pending });
  }

  async read(): Promise<Known> {
    const content = (await this.#file.read()) as Partial<Known & { readonly form: unknown }> | undefined;
    const { form, ...known } = content ?? {};
    if (form === FORM) this.#last = { ...NOTHING_KNOWN, ...known };
    return this.#last;
  }
}
