import type { Signals, SignalValue } from '@odograph/kernel/signal';
import type { RecordedSample } from '../recorded-sample.ts';

/** Samples as columns: plain data that JSON can write, in which what repeats stands side by side. */
export interface SampleColumns {
  /** The first observed time in Unix milliseconds, then the difference of each to the one before. */
  readonly times: readonly number[];
  readonly ids: readonly string[];
  /** In order of the name. */
  readonly signals: readonly SignalColumn[];
}

interface SignalColumn {
  readonly name: string;
  /** The rows with a value, as differences; left out if every row has one. */
  readonly rows?: readonly number[];
  /** Left out if the values are written as they are. Otherwise they are differences of `value * 10^places`. */
  readonly places?: number;
  readonly values: readonly SignalValue[];
}

const POWERS_OF_TEN = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7];
/** Differences of integers up to this magnitude are exact. */
const MAX_INTEGER = 2 ** 50;

/** The samples as columns, in the given order. Each value is given back exactly, but -0 as 0. */
export function toColumns(samples: readonly RecordedSample[]): SampleColumns {
  const columns = new Map<string, { rows: number[]; values: SignalValue[] }>();
  for (let row = 0; row < samples.length; row += 1) {
    const { signals } = samples[row] as RecordedSample;
    for (const name of Object.keys(signals)) {
      let column = columns.get(name);
      if (column === undefined) {
        column = { rows: [], values: [] };
        columns.set(name, column);
      }
      column.rows.push(row);
      column.values.push(signals[name] as SignalValue);
    }
  }
  return {
    times: differencesOf(samples.map(({ observedAtMs }) => observedAtMs)),
    ids: samples.map(({ reportId }) => reportId),
    signals: [...columns].sort(byName).map(([name, { rows, values }]) => {
      const places = placesOf(values);
      return {
        name,
        ...(rows.length === samples.length ? {} : { rows: differencesOf(rows) }),
        ...(places === undefined ? { values } : { places, values: scaled(values as number[], places) }),
      };
    }),
  };
}

/** The samples of columns, with only these signals if names are given. */
export function fromColumns(columns: SampleColumns, only?: ReadonlySet<string>): RecordedSample[] {
  const bags = columns.ids.map((): Record<string, SignalValue> => ({}));
  for (const column of columns.signals) {
    if (only === undefined || only.has(column.name)) readInto(bags, column);
  }
  return sumsOf(columns.times).map((observedAtMs, row) => {
    return { observedAtMs, reportId: columns.ids[row] as string, signals: bags[row] as Signals };
  });
}

function readInto(bags: readonly Record<string, SignalValue>[], column: SignalColumn): void {
  const { name, rows, places } = column;
  const values = places === undefined ? column.values : unscaled(column.values as number[], places);
  const at = rows && sumsOf(rows);
  for (let index = 0; index < values.length; index += 1) {
    const bag = bags[at ? (at[index] as number) : index] as Record<string, SignalValue>;
    bag[name] = values[index] as SignalValue;
  }
}

/** The decimal places with which every value is a small enough integer; undefined if there are none. */
function placesOf(values: readonly SignalValue[]): number | undefined {
  let places = 0;
  for (const value of values) {
    if (typeof value !== 'number') return undefined;
    while (!isExact(value, places)) {
      places += 1;
      if (places === POWERS_OF_TEN.length) return undefined;
    }
  }
  // More places are not exact for every value that is exact with fewer.
  return values.every((value) => isExact(value as number, places)) ? places : undefined;
}

function isExact(value: number, places: number): boolean {
  const power = POWERS_OF_TEN[places] as number;
  const integer = Math.round(value * power);
  return integer / power === value && Math.abs(integer) <= MAX_INTEGER;
}

function scaled(values: readonly number[], places: number): number[] {
  const power = POWERS_OF_TEN[places] as number;
  return differencesOf(values.map((value) => Math.round(value * power)));
}

function unscaled(differences: readonly number[], places: number): number[] {
  const power = POWERS_OF_TEN[places] as number;
  return sumsOf(differences).map((integer) => integer / power);
}

function differencesOf(values: readonly number[]): number[] {
  let before = 0;
  return values.map((value) => {
    const difference = value - before;
    before = value;
    return difference;
  });
}

function sumsOf(differences: readonly number[]): number[] {
  let sum = 0;
  return differences.map((difference) => {
    sum += difference;
    return sum;
  });
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
