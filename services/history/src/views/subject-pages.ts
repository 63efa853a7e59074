import { LRUCache } from 'lru-cache';
import type { Checkpoint } from './checkpoints.ts';
import { isKnownNow } from './parking.ts';
import type { PartitionView } from './partition-view.ts';
import type { ReadModel } from './read-model.ts';

/** A page of a list of subjects. */
export interface SubjectsAfter {
  /** After this subject; empty: from the first. */
  readonly after: string;
  readonly limit: number;
  /** Fields that the stored document must have. Subjects in a tail are given in any case. */
  readonly having?: Readonly<Record<string, string>>;
}

/**
 * The next subjects in order, from the stored documents, the tails, and what waits no longer. Fold them before filtering: the stored document of
 * a subject in a tail may be out of date.
 */
export type SubjectPages = (model: ReadModel<unknown>, page: SubjectsAfter) => Promise<readonly string[]>;

interface StoredPage {
  /** The checkpoints that were known before it was read, by partition. A subject that is stored later is in a tail. */
  readonly checkpoints: readonly number[];
  readonly subjects: Promise<readonly string[]>;
}

export const MAX_KEPT_BYTES = 5_000_000;
/** Of a subject in a page, roughly. */
const SUBJECT_BYTES = 100;

/** Keeps what it read from the stored documents while the tails have everything that came after it. */
export function createSubjectPages(partitions: readonly PartitionView[]): SubjectPages {
  const pages = new LRUCache<string, StoredPage>({ maxSize: MAX_KEPT_BYTES });
  const isComplete = ({ checkpoints }: StoredPage) =>
    partitions.every(({ tail }, at) => tail.floor() <= (checkpoints[at] ?? 0));

  function storedAfter(model: ReadModel<unknown>, { after, limit, having }: SubjectsAfter) {
    const name = JSON.stringify([model.projection.name, after, limit, having]);
    const kept = pages.get(name);
    if (kept && isComplete(kept)) return kept.subjects;
    const checkpoints = partitions.map((view) => view.checkpointOf(model).sequence);
    const subjects = model.store.subjectsAfter(after, limit, having);
    pages.set(name, { checkpoints, subjects }, { size: 2 * name.length + limit * SUBJECT_BYTES });
    subjects.catch(() => pages.delete(name));
    return subjects;
  }

  return async (model, page) => {
    const { after, limit } = page;
    const inTails = partitions.flatMap(({ tail }) => firstAfter(tail.sortedSubjects(), after, limit));
    const released = partitions.flatMap((view) => releasedOf(view.checkpointOf(model), after));
    const stored = await storedAfter(model, page);
    return [...new Set([...stored, ...inTails, ...released])].sort().slice(0, limit);
  };
}

/** The subjects that a former program parked and this one reads: nothing may be stored of them, and nothing be in a tail. */
function releasedOf({ parked }: Checkpoint, after: string): readonly string[] {
  return parked.filter((each) => each.subject > after && isKnownNow(each)).map(({ subject }) => subject);
}

function firstAfter(sorted: readonly string[], after: string, limit: number): readonly string[] {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) > after) high = middle;
    else low = middle + 1;
  }
  return sorted.slice(low, low + limit);
}
