/** Distinct items in order of first appearance, and the index of each original item among them. */
interface Distinct<T> {
  readonly items: readonly T[];
  readonly indices: readonly number[];
}

/** Items with the same key are equal. Long runs of one item are common, so it compares with the previous item first. */
export function distinct<T>(all: readonly T[], keyOf: (item: T) => string): Distinct<T> {
  const indexOf = new Map<string, number>();
  const items: T[] = [];
  const indices = new Array<number>(all.length);
  for (let at = 0; at < all.length; at += 1) {
    const item = all[at] as T;
    if (at > 0 && item === all[at - 1]) {
      indices[at] = indices[at - 1] as number;
      continue;
    }
    const key = keyOf(item);
    const index = indexOf.get(key) ?? items.push(item) - 1;
    indexOf.set(key, index);
    indices[at] = index;
  }
  return { items, indices };
}
