/** The work of a flight, whose result goes to all who wait. The signal is aborted when the last of them has left. */
export type Work<Result> = (signal: AbortSignal) => Promise<Result>;

interface Flight<Result> {
  readonly result: Promise<Result>;
  readonly ending: AbortController;
  waiting: number;
}

/**
 * One work for each key: those who come while it is under way wait for the same result, or failure.
 * After `retire`, those who come begin another work, because the one under way may have read what is invalid now.
 */
export class Flights<Result> {
  readonly #flights = new Map<string, Flight<Result>>();

  get size(): number {
    return this.#flights.size;
  }

  /** Resolves or rejects as the work does. Rejects with the reason of the signal if that is aborted first. */
  async join(key: string, work: Work<Result>, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#begin(key, work);
    flight.waiting += 1;
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave);
    try {
      return await Promise.race([flight.result, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.ending.abort();
      }
    }
  }

  retire(key: string): void {
    this.#flights.delete(key);
  }

  retireAll(): void {
    this.#flights.clear();
  }

  #begin(key: string, work: Work<Result>): Flight<Result> {
    const ending = new AbortController();
    const flight: Flight<Result> = { result: work(ending.signal), ending, waiting: 0 };
    this.#flights.set(key, flight);
    const end = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.result.then(end, end);
    return flight;
  }
}
