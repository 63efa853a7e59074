import { backoffMs } from '@odograph/kernel/backoff';
import { type Clock, systemClock } from '@odograph/kernel/clock';
import type { Logger } from './logger.ts';

interface TroubleOptions {
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** What is tried again, as a constant message of the log. */
  readonly message: string;
  /** Facts in each of its lines, such as the partition. */
  readonly fields?: object;
  /** The wait between two tries, in milliseconds: it doubles from the first to the maximum. Default: 200 ms to 5 s. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** A failure that is over or not. */
export interface Failure {
  readonly message: string;
  /** When it came last, in Unix milliseconds. */
  readonly atMs: number;
}

const BACKOFF = { firstMs: 200, maxMs: 5_000 };
/** How often the log repeats a reason. */
const REPEATED_AFTER_MS = 60_000;
/** More reasons than this are forgotten, and logged again. */
const MAX_REASONS = 100;

/**
 * The failures of a thing that is tried again until it succeeds. A reason is logged once, then once a minute with its count;
 * it is the same if only numbers in it differ, such as a time or a port.
 */
export class Trouble {
  readonly #options: TroubleOptions;
  readonly #clock: Clock;
  /** By reason: when it was logged, and how often it came since. */
  readonly #logged = new Map<string, { readonly atMs: number; count: number }>();
  #failuresInARow = 0;
  #sinceMs: number | undefined;
  #last: Failure | undefined;

  constructor(options: TroubleOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The last failure, also if it is over; undefined if there was none. */
  get last(): Failure | undefined {
    return this.#last;
  }

  /** The first failure since the last success, in Unix milliseconds; undefined if it does not fail now. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  /** It failed. Returns how long to wait before the next try, in milliseconds. */
  failed(err: unknown): number {
    const atMs = this.#clock.now();
    const message = err instanceof Error ? err.message : String(err);
    this.#sinceMs ??= atMs;
    this.#last = { message, atMs };
    this.#log(err, this.#last);
    this.#failuresInARow += 1;
    return backoffMs(this.#failuresInARow - 1, this.#options.backoff ?? BACKOFF);
  }

  /** It succeeded. */
  succeeded(): void {
    if (this.#sinceMs === undefined) return;
    const { logger, message, fields } = this.#options;
    const [failures, forMs] = [this.#failuresInARow, this.#clock.now() - this.#sinceMs];
    logger.info({ ...fields, failures, forMs, was: message }, 'it succeeds again');
    this.#failuresInARow = 0;
    this.#sinceMs = undefined;
    this.#logged.clear();
  }

  #log(err: unknown, { message, atMs }: Failure): void {
    const reason = message.replaceAll(/\d+/g, '0');
    const logged = this.#logged.get(reason);
    if (logged && atMs - logged.atMs < REPEATED_AFTER_MS) {
      logged.count += 1;
      return;
    }
    if (this.#logged.size === MAX_REASONS) this.#logged.clear();
    this.#logged.set(reason, { atMs, count: 0 });
    const repeated = logged && { repeated: logged.count + 1 };
    this.#options.logger.warn({ ...this.#options.fields, ...repeated, err }, this.#options.message);
  }
}
