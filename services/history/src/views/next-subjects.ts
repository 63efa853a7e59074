import type { ReadModel } from './read-model.ts';
import type { Tail } from './tail.ts';

/** A page of a list of subjects. */
interface SubjectsAfter {
  /** After this subject; empty: from the first. */
  readonly after: string;
  readonly limit: number;
  /** Fields that the stored document must have. Subjects in a tail are given in any case. */
  readonly having?: Readonly<Record<string, string>>;
}

/**
 * The next subjects in order, from the stored documents and the tails. Fold them before filtering: the stored document of
 * a subject in a tail may be out of date.
 */
export async function nextSubjects<S>(
  { store }: ReadModel<S>,
  tails: readonly Tail[],
  { after, limit, having }: SubjectsAfter,
): Promise<readonly string[]> {
  const inTails = tails.flatMap((tail) => firstAfter(tail.sortedSubjects(), after, limit));
  const stored = await store.subjectsAfter(after, limit, having);
  return [...new Set([...stored, ...inTails])].sort().slice(0, limit);
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
