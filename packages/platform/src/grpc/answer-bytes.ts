/**
 * The most bytes of an answer, or of a message in a stream of answers, unless one item alone has more.
 * The largest item is below the 4 MiB that a gRPC client takes by default.
 */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/** How many of the items fit into an answer: at least one, unless there are none. */
export function countFitting<Item>(items: readonly Item[], bytesOf: (item: Item) => number): number {
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    bytes += bytesOf(item);
    if (bytes > MAX_ANSWER_BYTES) return Math.max(1, index);
  }
  return items.length;
}
