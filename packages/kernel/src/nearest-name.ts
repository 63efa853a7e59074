/** From 0, nothing in common, to 1, the same. */
const MIN_LIKENESS = 0.4;
/** A longer text is not a name with a typing error. */
const MAX_LENGTH = 500;

/**
 * The known name that is most like this one; undefined if none is like it.
 * @param partOf what must be alike of a name; of several, the whole name decides
 */
export function nearestName(
  name: string,
  known: readonly string[],
  partOf: (name: string) => string = (whole) => whole,
): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const likenessOfParts = (other: string) => likeness(partOf(name), partOf(other));
  const compare = (a: string, b: string) =>
    likenessOfParts(b) - likenessOfParts(a) || likeness(name, b) - likeness(name, a);
  const nearest = known.toSorted(compare)[0];
  return nearest !== undefined && likenessOfParts(nearest) >= MIN_LIKENESS ? nearest : undefined;
}

/** The share of the pairs of neighbouring letters that two texts have in common (Dice's coefficient). */
function likeness(a: string, b: string): number {
  const [pairsOfA, pairsOfB] = [pairsIn(a), pairsIn(b)];
  return (2 * [...pairsOfA].filter((pair) => pairsOfB.has(pair)).length) / (pairsOfA.size + pairsOfB.size);
}

function pairsIn(text: string): ReadonlySet<string> {
  return new Set(Array.from({ length: text.length }, (_, at) => text.slice(at, at + 2)));
}
