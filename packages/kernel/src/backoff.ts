export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** How long to wait before a repetition, the first being 0, in milliseconds: twice as long each time, up to a maximum. */
export function backoffMs(repetition: number, { firstMs, maxMs }: Backoff): number {
  return Math.min(maxMs, firstMs * 2 ** repetition);
}
