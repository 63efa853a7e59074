import { Bell } from '@odograph/kernel/bell';

/**
 * Yields the values of several sources as they come. It ends when all sources end, and closes them if its caller stops.
 * It requests one value at a time from each source, so a slow caller slows all of them.
 */
export async function* mergeAsync<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const ready: (() => { readonly source: AsyncGenerator<T>; readonly result: IteratorResult<T> })[] = [];
  const bell = new Bell();

  async function request(source: AsyncGenerator<T>): Promise<void> {
    try {
      const result = await source.next();
      ready.push(() => ({ source, result }));
    } catch (error) {
      ready.push(() => {
        throw error;
      });
    }
    bell.ring();
  }

  for (const source of sources) void request(source);
  try {
    for (let open = sources.length; open > 0; ) {
      const next = ready.shift()?.();
      if (!next) await bell.rung();
      else if (next.result.done) open -= 1;
      else {
        yield next.result.value;
        void request(next.source);
      }
    }
  } finally {
    // Not awaited: a source that is waiting ends when its own signal is aborted.
    for (const source of sources) void source.return(undefined);
  }
}
