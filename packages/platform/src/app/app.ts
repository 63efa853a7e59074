import { EventEmitter } from 'node:events';
import { Fault, isFault } from '@odograph/kernel/fault';
import { type MadePart, makePart, type Part } from './part.ts';

export type AppState = 'new' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

const DEFAULT_DRAIN_MS = 10_000;

/** Parts with one life: they start together and stop together. */
export class App<Parts> {
  readonly name: string;
  readonly #parts: readonly Part[];
  readonly #made: MadePart[] = [];
  readonly #changes = new EventEmitter<{ state: [AppState] }>();
  #state: AppState = 'new';
  #starting: Promise<Parts> | undefined;
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | undefined;

  constructor(name: string, parts: readonly Part[]) {
    this.name = name;
    this.#parts = parts;
  }

  get state(): AppState {
    return this.#state;
  }

  /** Hears every change of state, until the returned function is called. */
  onState(listener: (state: AppState) => void): () => void {
    this.#changes.on('state', listener);
    return () => void this.#changes.off('state', listener);
  }

  /**
   * Makes and starts the parts in order, and gives their values.
   * If one fails, those before it are stopped in reverse order, and the Fault names it.
   */
  async start(): Promise<Parts> {
    if (this.#state !== 'new') {
      throw new Fault('INTERNAL', `${this.name} is ${this.#state}: an app starts once`);
    }
    this.#starting = this.#startParts();
    return await this.#starting;
  }

  /**
   * Stops the parts in reverse order, each even where another fails, and tells each how much of the time is left.
   * While the app starts, the part under way starts or gives up first.
   */
  stop(drainMs = DEFAULT_DRAIN_MS): Promise<void> {
    this.#stopping.abort();
    this.#stopped ??= this.#stopWhenStarted(drainMs);
    return this.#stopped;
  }

  async #startParts(): Promise<Parts> {
    this.#enter('starting');
    for (const part of this.#parts) {
      try {
        this.#stopping.signal.throwIfAborted();
        await this.#startPart(part);
      } catch (cause) {
        throw await this.#failToStart(part, cause);
      }
    }
    if (!this.#stopping.signal.aborted) this.#enter('running');
    return Object.freeze(Object.fromEntries(this.#values())) as Parts;
  }

  async #startPart(part: Part): Promise<void> {
    const made = await makePart(part, this.#values(), this.#stopping.signal);
    await made.life.start?.();
    this.#made.push(made);
  }

  async #failToStart(part: Part, cause: unknown): Promise<Fault> {
    if (this.#stopping.signal.aborted) {
      return new Fault('UNAVAILABLE', `${this.name} was stopped before ${part.name} started`, { cause });
    }
    const failures = await this.#stopParts(DEFAULT_DRAIN_MS);
    this.#enter('failed');
    const causes = failures.length > 0 ? new AggregateError([cause, ...failures], String(cause)) : cause;
    return this.#faultOf(part.name, 'start', causes);
  }

  async #stopWhenStarted(drainMs: number): Promise<void> {
    await Promise.allSettled([this.#starting]);
    if (this.#state === 'failed') return;
    this.#enter('stopping');
    const failures = await this.#stopParts(drainMs);
    this.#enter(failures.length > 0 ? 'failed' : 'stopped');
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

  #values(): ReadonlyMap<string, unknown> {
    return new Map(this.#made.map(({ name, value }) => [name, value]));
  }

  #faultOf(part: string, step: 'start' | 'stop', cause: unknown): Fault {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${this.name}: ${part} did not ${step}: ${why}`;
    return new Fault(isFault(cause) ? cause.code : 'INTERNAL', message, { cause });
  }

  #enter(state: AppState): void {
    this.#state = state;
    this.#changes.emit('state', state);
  }
}
