import { Bell } from '@odograph/kernel/bell';

/**
 * Hands on what several sources yield as it comes; ends when all have, and closes all when its caller leaves.
 * Each is asked for one thing at a time, so that a slow caller slows them all.
 */
export async function* mergeAsync<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const ready: (() => { readonly source: AsyncGenerator<T>; readonly result: IteratorResult<T> })[] = [];
  const bell = new Bell();

  async function ask(source: AsyncGenerator<T>): Promise<void> {
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

  for (const source of sources) void ask(source);
  try {
    for (let open = sources.length; open > 0; ) {
      const turn = ready.shift()?.();
      if (!turn) await bell.rung();
      else if (turn.result.done) open -= 1;
      else {
        yield turn.result.value;
        void ask(turn.source);
      }
    }
  } finally {
    // Not waited for: one that is waiting itself ends when its own signal is aborted.
    for (const source of sources) void source.return(undefined);
  }
}
