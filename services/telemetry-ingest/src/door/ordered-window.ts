/** Work that is under way, at most so much of it at a time, and handed on in the order in which it came. */
export interface OrderedWindow<T> {
  /** Takes in work, and resolves when there is room for more, or the window is closed. */
  add(work: Promise<T>): Promise<void>;
  /** No more work will come. */
  close(): void;
  /**
   * Whatever is done, from the front, as many at once as there are; ends when the window is closed and empty.
   * Work keeps its place until the next group is asked for, so a slow reader of groups slows down whoever adds.
   */
  groups(): AsyncGenerator<readonly T[], void>;
}

interface Place<T> {
  /** Gives what became of the work; undefined while it is under way. */
  take: (() => T) | undefined;
}

export function createOrderedWindow<T>(size: number): OrderedWindow<T> {
  const places: Place<T>[] = [];
  let isClosed = false;
  let changed = Promise.withResolvers<void>();

  function change(): void {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  }

  function settle(place: Place<T>, take: () => T): void {
    place.take = take;
    change();
  }

  return {
    async add(work) {
      const place: Place<T> = { take: undefined };
      places.push(place);
      work.then(
        (value) => settle(place, () => value),
        (error: unknown) =>
          settle(place, () => {
            throw error;
          }),
      );
      while (places.length >= size && !isClosed) await changed.promise;
    },
    close() {
      isClosed = true;
      change();
    },
    async *groups() {
      while (!isClosed || places.length > 0) {
        const done = takesFromFront(places);
        if (done.length === 0) {
          await changed.promise;
          continue;
        }
        yield done.map((take) => take());
        places.splice(0, done.length);
        change();
      }
    },
  };
}

function takesFromFront<T>(places: readonly Place<T>[]): readonly (() => T)[] {
  const takes: (() => T)[] = [];
  for (const { take } of places) {
    if (take === undefined) break;
    takes.push(take);
  }
  return takes;
}
