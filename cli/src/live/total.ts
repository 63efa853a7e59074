/** Adds what a counter had before its process was restarted, as far as it was seen. */
export function createTotal(): (count: number | undefined) => number | undefined {
  let [before, last] = [0, 0];
  return (count) => {
    if (count === undefined) return undefined;
    if (count < last) before += last;
    last = count;
    return before + count;
  };
}
