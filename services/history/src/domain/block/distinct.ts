/** The distinct ones of some texts, in order of first appearance, and which of them stands at each place. */
export interface Distinct {
  /** The place where each stands first. */
  readonly firstAt: readonly number[];
  /** For each place, which of the distinct ones stands there. */
  readonly indices: readonly number[];
}

export function distinct(texts: readonly string[]): Distinct {
  const known = new Map<string, number>();
  const firstAt: number[] = [];
  const indices = texts.map((text, at) => {
    const index = known.get(text);
    if (index !== undefined) return index;
    known.set(text, firstAt.length);
    return firstAt.push(at) - 1;
  });
  return { firstAt, indices };
}
