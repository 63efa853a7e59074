import { Fault, isFault } from '@odograph/kernel/fault';

type AppState = 'new' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

const LIFE = Symbol('life');

/** What the app calls on a part. */
export interface Life {
  /** Runs after the part is made and before the next part is made. */
  readonly start?: () => Promise<void> | void;
  /** Gets the time left for all remaining stops, in milliseconds. The parts before this one need some of it. */
  readonly stop?: (leftMs: number) => Promise<void> | void;
}

/** The value of a part together with its life. */
export interface Started<Value> {
  readonly value: Value;
  readonly [LIFE]: Life;
}

/** Gives a part a life, for example `started(server, { stop: (leftMs) => server.stop(leftMs) })`. */
export function started<Value>(value: Value, life: Life): Started<Value> {
  return { value, [LIFE]: life };
}

/** A part before it is made. */
export interface Part {
  readonly name: string;
  /** Returns the value of the part, or the value with its life. */
  readonly make: (partsBefore: never, stopping: AbortSignal) => unknown;
}

interface MadePart {
  readonly name: string;
  readonly value: unknown;
  readonly life: Life;
}

/** How long the parts before a failed one have to stop. */
const CLEANUP_MS = 10_000;

/** Parts that start together and stop together. */
export class App<Parts> {
  readonly name: string;
  readonly #parts: readonly Part[];
  readonly #made: MadePart[] = [];
  readonly #stopping = new AbortController();
  #state: AppState = 'new';
  #starting: Promise<Parts> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(name: string, parts: readonly Part[]) {
    this.name = name;
    this.#parts = parts;
  }

  get state(): AppState {
    return this.#state;
  }

  /**
   * Makes and starts the parts in order and returns their values.
   * If a part fails, the parts before it stop in reverse order, and the Fault names the part.
   */
  async start(): Promise<Parts> {
    if (this.#state !== 'new') {
      throw new Fault('INTERNAL', `${this.name} is ${this.#state}: an app starts only once`);
    }
    this.#starting = this.#startParts();
    return await this.#starting;
  }

  /**
   * Stops the parts in reverse order, also if one of them fails, and tells each how much of the time is left.
   * If the app is still starting, the part that starts now finishes or gives up first.
   */
  stop(drainMs: number): Promise<void> {
    this.#stopping.abort();
    this.#stopped ??= this.#stopWhenStarted(drainMs);
    return this.#stopped;
  }

  async #startParts(): Promise<Parts> {
    this.#state = 'starting';
    for (const part of this.#parts) {
      try {
        this.#stopping.signal.throwIfAborted();
        await this.#startPart(part);
      } catch (cause) {
        throw await this.#failToStart(part, cause);
      }
    }
    if (!this.#stopping.signal.aborted) this.#state = 'running';
    return this.#values() as Parts;
  }

  async #startPart({ name, make }: Part): Promise<void> {
    const made = await make(this.#values() as never, this.#stopping.signal);
    const { value, life } = isStarted(made)
      ? { value: made.value, life: made[LIFE] }
      : { value: made, life: {} };
    await life.start?.();
    this.#made.push({ name, value, life });
  }

  async #failToStart(part: Part, cause: unknown): Promise<Fault> {
    if (this.#stopping.signal.aborted) {
      return new Fault('UNAVAILABLE', `${this.name} was stopped before ${part.name} started`, { cause });
    }
    const failures = await this.#stopParts(CLEANUP_MS);
    this.#state = 'failed';
    const causes = failures.length > 0 ? new AggregateError([cause, ...failures], String(cause)) : cause;
    return this.#faultOf(part.name, 'start', causes);
  }

  async #stopWhenStarted(drainMs: number): Promise<void> {
    await Promise.allSettled([this.#starting]);
    if (this.#state === 'failed') return;
    this.#state = 'stopping';
    const failures = await this.#stopParts(drainMs);
    this.#state = failures.length > 0 ? 'failed' : 'stopped';
    if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
  }

  async #stopParts(drainMs: number): Promise<readonly Fault[]> {
    const deadlineAtMs = performance.now() + drainMs;
    const failures: Fault[] = [];
    for (const { name, life } of this.#made.toReversed()) {
      try {
        await life.stop?.(Math.max(0, deadlineAtMs - performance.now()));
      } catch (cause) {
        failures.push(this.#faultOf(name, 'stop', cause));
      }
    }
    return failures;
  }

  #values(): object {
    return Object.freeze(Object.fromEntries(this.#made.map(({ name, value }) => [name, value])));
  }

  #faultOf(part: string, step: 'start' | 'stop', cause: unknown): Fault {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${this.name}: ${part} did not ${step}: ${why}`;
    return new Fault(isFault(cause) ? cause.code : 'INTERNAL', message, { cause });
  }
}

function isStarted(made: unknown): made is Started<unknown> {
  return typeof made === 'object' && made !== null && LIFE in made;
}
