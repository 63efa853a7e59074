import type { Socket } from 'node:net';
import { Bell } from '@odograph/kernel/bell';
import type { Slow, Weather } from './weather.ts';

/** Bytes that arrived together. */
export interface Parcel {
  readonly bytes: Buffer;
  /** When they may go on, by `performance.now()`, and what ends the wait; undefined: at once. */
  readonly due: { readonly atMs: number; readonly ended: AbortSignal } | undefined;
}

/** Read ahead from a socket at most, so that a slow reader slows the writer. Limits a slow link to so much a latency. */
const WINDOW_BYTES = 1024 * 1024;

/** What arrives on a socket, in order, with the time at which it may leave again. */
export class Arrivals {
  readonly #source: Socket;
  readonly #weather: Weather;
  readonly #bell = new Bell();
  #queue: Parcel[] = [];
  #queuedBytes = 0;
  #isOver = false;
  #slow: Slow | undefined;
  /** By `performance.now()`: when the bytes before have left a link of so many bytes a second, and when they arrive. */
  #busyUntilMs = 0;
  #lastDueMs = 0;

  constructor(source: Socket, weather: Weather) {
    this.#source = source;
    this.#weather = weather;
    source.on('data', (bytes: Buffer) => this.#add(bytes));
    source.on('end', () => this.#end());
    source.on('close', () => this.#end());
  }

  /** Ends when the other side does. */
  async *parcels(): AsyncGenerator<Parcel> {
    for (;;) {
      const parcel = this.#queue.shift();
      if (parcel) {
        this.#queuedBytes -= parcel.bytes.length;
        if (this.#queuedBytes < WINDOW_BYTES) this.#source.resume();
        yield parcel;
      } else if (this.#isOver) return;
      else await this.#bell.rung();
    }
  }

  #add(bytes: Buffer): void {
    this.#queue.push({ bytes, due: this.#dueOf(bytes.length) });
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes >= WINDOW_BYTES) this.#source.pause();
    this.#bell.ring();
  }

  #end(): void {
    this.#isOver = true;
    this.#bell.ring();
  }

  #dueOf(bytes: number): Parcel['due'] {
    const { slow } = this.#weather;
    if (slow !== this.#slow) [this.#slow, this.#busyUntilMs, this.#lastDueMs] = [slow, 0, 0];
    if (!slow) return undefined;
    const { latencyMs, jitterMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY, random, ended } = slow;
    const startMs = Math.max(this.#busyUntilMs, performance.now());
    this.#busyUntilMs = startMs + (bytes * 1_000) / bytesPerSecond;
    const atMs = this.#busyUntilMs + latencyMs + random.between(0, jitterMs);
    this.#lastDueMs = Math.max(this.#lastDueMs, atMs);
    return { atMs: this.#lastDueMs, ended };
  }
}
