/** Sorts by merging sorted runs, and yields after each `step` elements. */
export function* sortedInSteps<T>(
  elements: readonly T[],
  compare: (a: T, b: T) => number,
  step: number,
): Generator<undefined, readonly T[]> {
  let runs: (readonly T[])[] = [];
  for (let at = 0; at < elements.length; at += step) {
    runs.push(elements.slice(at, at + step).sort(compare));
    yield undefined;
  }
  while (runs.length > 1) {
    const merged: (readonly T[])[] = [];
    for (let at = 0; at < runs.length; at += 2)
      merged.push(yield* merge(runs[at] ?? [], runs[at + 1] ?? [], { compare, step }));
    runs = merged;
  }
  return runs[0] ?? [];
}

interface MergeOptions<T> {
  readonly compare: (a: T, b: T) => number;
  readonly step: number;
}

function* merge<T>(
  a: readonly T[],
  b: readonly T[],
  { compare, step }: MergeOptions<T>,
): Generator<undefined, readonly T[]> {
  const merged: T[] = [];
  let [atA, atB] = [0, 0];
  while (atA < a.length || atB < b.length) {
    const takesA = atB >= b.length || (atA < a.length && compare(a[atA] as T, b[atB] as T) <= 0);
    merged.push((takesA ? a[atA++] : b[atB++]) as T);
    if (merged.length % step === 0) yield undefined;
  }
  return merged;
}
