import type { ReadModel } from './read-model.ts';
import type { Tail } from './tail.ts';

/** Which subjects a list asks for. */
export interface SubjectsAfter {
  /** After this one; empty: from the first. */
  readonly after: string;
  readonly limit: number;
  /** Fields that the stored document must have; what is in a tail is given anyway. */
  readonly having?: Readonly<Record<string, string>>;
}

/**
 * The next subjects in order over what is stored and what is in the tails. A caller folds them, then filters:
 * a subject in a tail may not be what its stored document says any more.
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
