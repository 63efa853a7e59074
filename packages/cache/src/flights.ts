import { orAborted } from './waits.ts';

/** The work of a flight, whose result goes to all who wait. The signal is aborted when the last of them has left. */
export type Work<Result> = (signal: AbortSignal) => Promise<Result>;

/** The work of several flights together. Its result has each of the keys. */
export type WorkMany<Result> = (
  keys: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, Result>>;

interface Flight<Result> {
  readonly result: Promise<Result>;
  /** Whether others began together with it. */
  readonly isOneOfMany: boolean;
  /** The doubts that there were when it began. */
  readonly doubts: number;
  readonly onAllLeft: () => void;
  waiting: number;
}

/** What a caller asks for. */
interface Asked<Result> {
  readonly wanted: string;
  readonly work: WorkMany<Result>;
  readonly signal: AbortSignal;
  /** The doubts that there were when it asked. */
  readonly doubts: number;
  /** Whether it asks again, because what it joined has failed, perhaps for another key. */
  readonly isAgain: boolean;
}

/**
 * One work for each key, and for what is wanted of it: those who come while it is under way wait for the same result, or failure.
 * After `retire`, those who come begin another work, because the one under way may have read what is invalid now. After `doubt`,
 * they begin another one only if its result is invalid.
 */
export class Flights<Result> {
  readonly #isValid: (key: string, result: Result) => boolean;
  readonly #flights = new Map<string, Map<string, Flight<Result>>>();
  #doubts = 0;

  constructor(isValid: (key: string, result: Result) => boolean = () => true) {
    this.#isValid = isValid;
  }

  get size(): number {
    return Array.from(this.#flights.values()).reduce((sum, { size }) => sum + size, 0);
  }

  /** Resolves or rejects as the work does. Rejects with the reason of the signal if that is aborted first. */
  async join(key: string, wanted: string, work: Work<Result>, signal: AbortSignal): Promise<Result> {
    const alone: WorkMany<Result> = async (_, ending) => new Map([[key, await work(ending)]]);
    const settled = (await this.joinMany([key], wanted, alone, signal)).get(key);
    if (settled?.status !== 'fulfilled') throw settled?.reason;
    return settled.value;
  }

  /**
   * What became of each key. Those that are not under way begin together, and their work ends when each has been left.
   * Rejects with the reason of the signal if that is aborted first.
   */
  async joinMany(
    keys: readonly string[],
    wanted: string,
    work: WorkMany<Result>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, PromiseSettledResult<Result>>> {
    return await this.#joinMany(new Set(keys), {
      wanted,
      work,
      signal,
      doubts: this.#doubts,
      isAgain: false,
    });
  }

  retire(key: string): void {
    this.#flights.delete(key);
  }

  retireAll(): void {
    this.#flights.clear();
  }

  doubt(): void {
    this.#doubts += 1;
  }

  async #joinMany(
    keys: ReadonlySet<string>,
    asked: Asked<Result>,
  ): Promise<Map<string, PromiseSettledResult<Result>>> {
    asked.signal.throwIfAborted();
    const { flights, joined } = this.#board(keys, asked);
    const settled = await this.#wait(flights, asked);
    const again = new Set<string>();
    for (const [key, each] of settled) {
      const { doubts, isOneOfMany } = flights.get(key) as Flight<Result>;
      const isInvalid = () => each.status === 'fulfilled' && !this.#isValid(key, each.value);
      if (doubts < asked.doubts && isInvalid()) again.add(key);
      // Perhaps it has failed for another key of those who began it.
      if (each.status === 'rejected' && isOneOfMany && joined.has(key) && !asked.isAgain) again.add(key);
    }
    if (again.size === 0) return settled;
    return new Map([...settled, ...(await this.#joinMany(again, { ...asked, isAgain: true }))]);
  }

  /** The flights of keys, and which were there; those that were not begin. */
  #board(keys: ReadonlySet<string>, asked: Asked<Result>) {
    const flights = new Map<string, Flight<Result>>();
    const absent: string[] = [];
    for (const key of keys) {
      const flight = this.#flights.get(key)?.get(asked.wanted);
      if (flight) flights.set(key, flight);
      else absent.push(key);
    }
    const joined = new Set(flights.keys());
    if (absent.length > 0) for (const [key, flight] of this.#begin(absent, asked)) flights.set(key, flight);
    for (const flight of flights.values()) flight.waiting += 1;
    return { flights, joined };
  }

  async #wait(
    flights: ReadonlyMap<string, Flight<Result>>,
    { wanted, signal }: Asked<Result>,
  ): Promise<Map<string, PromiseSettledResult<Result>>> {
    try {
      const results = Promise.allSettled(Array.from(flights.values(), ({ result }) => result));
      const settled = await orAborted(results, signal);
      return new Map(
        Array.from(flights.keys(), (key, at) => [key, settled[at] as PromiseSettledResult<Result>]),
      );
    } finally {
      for (const [key, flight] of flights) this.#leave(key, wanted, flight);
    }
  }

  #begin(
    keys: readonly string[],
    { wanted, work }: Asked<Result>,
  ): readonly (readonly [string, Flight<Result>])[] {
    const ending = new AbortController();
    let kept = keys.length;
    const onAllLeft = () => {
      kept -= 1;
      if (kept === 0) ending.abort();
    };
    const results = work(keys, ending.signal);
    return keys.map((key) => {
      const result = results.then((all) => all.get(key) as Result);
      const isOneOfMany = keys.length > 1;
      const flight: Flight<Result> = { result, isOneOfMany, doubts: this.#doubts, onAllLeft, waiting: 0 };
      const flights = this.#flights.get(key) ?? new Map<string, Flight<Result>>();
      this.#flights.set(key, flights.set(wanted, flight));
      const end = () => this.#end(key, wanted, flight);
      result.then(end, end);
      return [key, flight];
    });
  }

  #leave(key: string, wanted: string, flight: Flight<Result>): void {
    flight.waiting -= 1;
    if (flight.waiting > 0) return;
    this.#end(key, wanted, flight);
    flight.onAllLeft();
  }

  /** It may have been retired, and another one be in its place. */
  #end(key: string, wanted: string, flight: Flight<Result>): void {
    const flights = this.#flights.get(key);
    if (flights?.get(wanted) !== flight) return;
    flights.delete(wanted);
    if (flights.size === 0) this.#flights.delete(key);
  }
}
