interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Milliseconds to wait before a retry; the first retry is number 0. The wait doubles each time, up to a maximum. */
export function backoffMs(repetition: number, { firstMs, maxMs }: Backoff): number {
  return Math.min(maxMs, firstMs * 2 ** repetition);
}
