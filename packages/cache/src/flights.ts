/** The work of a flight, whose result goes to all who wait. The signal is aborted when the last of them has left. */
export type Work<Result> = (signal: AbortSignal) => Promise<Result>;

interface Flight<Result> {
  readonly result: Promise<Result>;
  readonly ending: AbortController;
  waiting: number;
}

/**
 * One work for each key, and for what is wanted of it: those who come while it is under way wait for the same result, or failure.
 * After `retire`, those who come begin another work, because the one under way may have read what is invalid now.
 */
export class Flights<Result> {
  readonly #flights = new Map<string, Map<string, Flight<Result>>>();

  get size(): number {
    return Array.from(this.#flights.values()).reduce((sum, { size }) => sum + size, 0);
  }

  /** Resolves or rejects as the work does. Rejects with the reason of the signal if that is aborted first. */
  async join(key: string, wanted: string, work: Work<Result>, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    const flight = this.#flights.get(key)?.get(wanted) ?? this.#begin(key, wanted, work);
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
        this.#end(key, wanted, flight);
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

  #begin(key: string, wanted: string, work: Work<Result>): Flight<Result> {
    const ending = new AbortController();
    const flight: Flight<Result> = { result: work(ending.signal), ending, waiting: 0 };
    const flights = this.#flights.get(key) ?? new Map<string, Flight<Result>>();
    this.#flights.set(key, flights.set(wanted, flight));
    const end = () => this.#end(key, wanted, flight);
    flight.result.then(end, end);
    return flight;
  }

  /** It may have been retired, and another one be in its place. */
  #end(key: string, wanted: string, flight: Flight<Result>): void {
    const flights = this.#flights.get(key);
    if (flights?.get(wanted) !== flight) return;
    flights.delete(wanted);
    if (flights.size === 0) this.#flights.delete(key);
  }
}
