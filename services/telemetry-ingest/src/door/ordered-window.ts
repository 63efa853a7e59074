import { Bell } from '@odograph/kernel/bell';

/** Work that is under way, at most so much of it at a time, and handed on in the order in which it came. */
export interface OrderedWindow<T> {
  /** Takes in work of a weight, and resolves when there is room for more, or the window is closed. */
  add(work: Promise<T>, weight: number): Promise<void>;
  /** No more work will come. */
  close(): void;
  /**
   * Whatever is done, from the front, as much at once as a group may weigh; ends when the window is closed and empty.
   * Work keeps its place until the next group is asked for, so a slow reader of groups slows down whoever adds.
   */
  groups(): AsyncGenerator<readonly T[], void>;
}

export interface WindowLimits {
  /** How many pieces of work may be under way. */
  readonly size: number;
  /** What a group may weigh; one piece of work that is heavier has a group of its own. */
  readonly groupWeight: number;
}

interface Place<T> {
  readonly weight: number;
  /** Gives what became of the work; undefined while it is under way. */
  take: (() => T) | undefined;
}

export function createOrderedWindow<T>({ size, groupWeight }: WindowLimits): OrderedWindow<T> {
  const places: Place<T>[] = [];
  let isClosed = false;
  const changed = new Bell();

  function settle(place: Place<T>, take: () => T): void {
    place.take = take;
    changed.ring();
  }

  return {
    async add(work, weight) {
      const place: Place<T> = { weight, take: undefined };
      places.push(place);
      work.then(
        (value) => settle(place, () => value),
        (error: unknown) =>
          settle(place, () => {
            throw error;
          }),
      );
      while (places.length >= size && !isClosed) await changed.rung();
    },
    close() {
      isClosed = true;
      changed.ring();
    },
    async *groups() {
      while (!isClosed || places.length > 0) {
        const done = takesFromFront(places, groupWeight);
        if (done.length === 0) {
          await changed.rung();
          continue;
        }
        yield done.map((take) => take());
        places.splice(0, done.length);
        changed.ring();
      }
    },
  };
}

function takesFromFront<T>(places: readonly Place<T>[], groupWeight: number): readonly (() => T)[] {
  const takes: (() => T)[] = [];
  let together = 0;
  for (const { weight, take } of places) {
    together += weight;
    if (take === undefined || (takes.length > 0 && together > groupWeight)) break;
    takes.push(take);
  }
  return takes;
}
