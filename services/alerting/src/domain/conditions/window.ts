import type { Condition } from '../condition.ts';

/** What is computed from the values of a signal in a window of time. Extremes are compared with the newest value. */
export type WindowFunction =
  | 'average'
  | 'count'
  | 'sum'
  | 'minimum'
  | 'maximum'
  /** The newest value less the oldest. */
  | 'change'
  /** How far the newest value is above the least. */
  | 'rise'
  /** How far the newest value is below the greatest. */
  | 'drop';

export interface WindowOptions {
  readonly signal: string;
  /** The window ends with the moment, and does not include its beginning. */
  readonly windowMs: number;
  readonly of: WindowFunction;
  /** Whether the result is what the condition waits for. */
  readonly holds: (result: number) => boolean;
}

/** Values of a window, the oldest first. `from`: before this index, they are out of it. */
interface Values {
  times: number[];
  values: number[];
  from: number;
  sum: number;
}

/** The maximum number of values of a window. If more come, the oldest leave early. */
export const MAX_WINDOW_VALUES = 4_096;

/**
 * A function of the values of one signal in a sliding window. Each value costs the same, however many the window has:
 * of extremes, only values that may still become one are kept.
 */
export function window({ signal, windowMs, of, holds }: WindowOptions): Condition<Values> {
  const result = RESULTS[of];
  const keeps = KEEPS[of];
  return {
    signals: [signal],
    initial: () => ({ times: [], values: [], from: 0, sum: 0 }),
    evaluate(held, { atMs, came }) {
      const value = came[signal];
      if (typeof value === 'string') return 'error';
      if (value !== undefined) add(held, atMs, Number(value), keeps);
      while (held.from < held.times.length && (held.times[held.from] as number) <= atMs - windowMs)
        removeOldest(held);
      compact(held);
      const count = held.times.length - held.from;
      if (count === 0) return of === 'count' ? holds(0) : 'unknown';
      return holds(result(held, count));
    },
  };
}

function add(
  held: Values,
  atMs: number,
  value: number,
  keeps: ((before: number, value: number) => boolean) | undefined,
) {
  const { times, values } = held;
  // A value that a newer one exceeds will never be the extreme of the window again.
  while (keeps && times.length > held.from && !keeps(values.at(-1) as number, value)) {
    times.pop();
    held.sum -= values.pop() as number;
  }
  times.push(atMs);
  values.push(value);
  held.sum += value;
  if (times.length - held.from > MAX_WINDOW_VALUES) removeOldest(held);
}

function removeOldest(held: Values): void {
  const removed = held.values[held.from] as number;
  held.sum -= removed;
  held.from += 1;
  // What a far greater value has rounded away, or made infinite, is there again.
  const isExact = Number.isFinite(held.sum) && Math.abs(removed) <= Math.abs(held.sum) * 1e6;
  if (!isExact) held.sum = sumOf(held);
}

function sumOf({ values, from }: Values): number {
  let sum = 0;
  for (let at = from; at < values.length; at += 1) sum += values[at] as number;
  return sum;
}

/** Now and then, so that a value costs the same on average. */
function compact(held: Values): void {
  if (held.from < 64 || held.from * 2 < held.times.length) return;
  held.times.splice(0, held.from);
  held.values.splice(0, held.from);
  held.from = 0;
  // What rounding has left over does not add up.
  held.sum = sumOf(held);
}

/** Whether an older value is kept beside a newer one. Without it, all are. */
const KEEPS: { readonly [Name in WindowFunction]?: (before: number, value: number) => boolean } = {
  minimum: (before, value) => before < value,
  maximum: (before, value) => before > value,
  rise: (before, value) => before < value,
  drop: (before, value) => before > value,
};

const oldest = ({ values, from }: Values) => values[from] as number;
const newest = ({ values }: Values) => values.at(-1) as number;

const RESULTS: { readonly [Name in WindowFunction]: (held: Values, count: number) => number } = {
  average: ({ sum }, count) => sum / count,
  count: (_, count) => count,
  sum: ({ sum }) => sum,
  minimum: oldest,
  maximum: oldest,
  change: (held) => newest(held) - oldest(held),
  rise: (held) => newest(held) - oldest(held),
  drop: (held) => oldest(held) - newest(held),
};
