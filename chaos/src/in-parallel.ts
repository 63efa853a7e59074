/**
 * Works on items in order, at most `atOnce` at a time. After an abort or an error it starts no further item; an error is
 * thrown when the items in progress have ended.
 */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const left = [...items];
  async function workOn(): Promise<void> {
    for (let item = left.shift(); item !== undefined && !signal?.aborted; item = left.shift()) {
      await work(item).catch((error: unknown) => {
        left.length = 0;
        throw error;
      });
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: atOnce }, workOn));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
}
