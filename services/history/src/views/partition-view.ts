import type { LogReader } from '@odograph/event-log/log-reader';
import type { LogListener } from '@odograph/event-log/subscribe';
import { backoffMs } from '@odograph/kernel/backoff';
import { pause } from '@odograph/kernel/clock';
import { invariant } from '@odograph/kernel/fault';
import type { Logger } from '@odograph/platform/logger';
import type { InTurn } from '@odograph/platform/turns';
import { assertAgreed, beyondLog, readStored, removeBeyondLog, type Stored } from './agreement.ts';
import { Attempts } from './attempts.ts';
import { catchUp } from './catch-up.ts';
import type { Checkpoint, Checkpoints } from './checkpoints.ts';
import { flushTail } from './flush.ts';
import { followLog } from './follow.ts';
import type { ViewMetrics } from './metrics.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import { shareReads } from './shared-reads.ts';
import { createTail, type Tail } from './tail.ts';
import type { ViewCache } from './view-cache.ts';

export interface ViewSettings {
  /** How often the owner of a partition stores its tail, in milliseconds. */
  readonly flushIntervalMs: number;
  /** Bytes of a tail at which it is stored immediately. */
  readonly flushBytes: number;
  /** Bytes of folded slices that are kept for the next who asks, roughly. */
  readonly cacheBytes: number;
}

export interface PartitionViewDeps {
  readonly partition: number;
  readonly partitionCount: number;
  readonly models: readonly ReadModel<unknown>[];
  readonly checkpoints: Checkpoints;
  readonly log: LogReader & SubjectLog;
  readonly listen: LogListener;
  /** Whether this process stores a partition's read models now. */
  readonly isOwner: (partition: number) => boolean;
  /** Shared by all partitions, so that the memory for catching up is needed once. */
  readonly inTurn: InTurn;
  /** The views that are kept for the next who asks; a flush gives it what it has stored. */
  readonly cache: ViewCache;
  readonly settings: ViewSettings;
  readonly metrics: ViewMetrics;
  readonly logger: Logger;
}

type Named = Pick<ReadModel<unknown>, 'projection'>;

/**
 * How long a flush pauses per millisecond of work, unless the tail is full. Without pauses it would slow down commits and
 * queries.
 */
const REST_PER_WORK = 2;
/** How often it checks whether a tail must be stored or a read model is behind, in milliseconds. */
const CHECK_MS = 250;
/** How often a query that waits for a read model that is behind looks how far it is, in milliseconds. */
const POLL_MS = 100;
/** Before a failed step of catching up is tried again. */
const BACKOFF = { firstMs: CHECK_MS, maxMs: 10_000 };
/** Before what is stored is compared with the log again: a new primary of MongoDB may be behind for a moment. */
const CONFIRM_MS = 1_000;

/** Opens the views of a partition, and starts to follow and to store. */
export async function openPartitionView(deps: PartitionViewDeps): Promise<PartitionView> {
  const view = new PartitionView(deps, await readStored(deps));
  view.start();
  return view;
}

/**
 * The read models of one partition: their common tail at the head of the log, and what is stored of each.
 *
 * A read model *follows the tail* if its checkpoint is not below the tail's floor. A new one is behind, and one that could
 * not be stored when the tail was full: the owner folds the log for it alone until it has reached the tail, and meanwhile it
 * answers with what is stored.
 *
 * What the views include is compared with the log whenever the checkpoints are read. If they have more than the log, they
 * start again from it, and the owner removes what is stored beyond its end.
 */
export class PartitionView {
  readonly tail: Tail;
  readonly #deps: PartitionViewDeps;
  readonly #known = new Map<string, Checkpoint>();
  /** The read models that are stored beyond the end of the log, until the owner has removed that. */
  #beyondLog: ReadonlySet<string> = new Set();
  readonly #readStored: (partition: number) => Promise<Stored>;
  readonly #stopping = new AbortController();
  readonly #attempts: Attempts;
  /** Ends the following of now, because the views disagree with the log. */
  #disagreed = new AbortController();
  #running: readonly Promise<void>[] = [];
  /** A flush that has not started: it will store all that the tail has now. */
  #nextFlush: Promise<void> | undefined;

  /** The tail starts at the highest checkpoint: a read model below it can read the log for itself. */
  constructor(deps: PartitionViewDeps, stored: Stored) {
    this.#deps = deps;
    this.#attempts = new Attempts(deps, this.#stopping.signal);
    this.#readStored = shareReads(() => readStored(deps));
    this.tail = createTail(deps.partition, this.#adopt(stored));
  }

  start(): void {
    const keepingUp = this.#deps.models.map((model) => this.#keepUp(model));
    this.#running = [this.#follow(), this.#flushAtIntervals(), ...keepingUp];
  }

  /** Takes what is stored as known, but nothing beyond the end of the log. Gives the highest checkpoint. */
  #adopt(stored: Stored): number {
    this.#beyondLog = namesOf(beyondLog(stored));
    for (const checkpoint of stored.checkpoints.values()) {
      const isRight = !this.#beyondLog.has(checkpoint.projection);
      this.#known.set(
        checkpoint.projection,
        isRight ? checkpoint : { ...checkpoint, sequence: 0, parked: [] },
      );
    }
    return Math.max(...Array.from(this.#known.values(), ({ sequence }) => sequence));
  }

  async #follow(): Promise<void> {
    const { log: reader, listen } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#disagreed = new AbortController();
      const following = {
        ...{ tail: this.tail, reader, listen, maxTailBytes: this.#maxTailBytes() },
        signal: AbortSignal.any([signal, this.#disagreed.signal]),
        onTrouble: (error: unknown) => this.#attempts.failed('following', error),
        onProgress: () => this.#attempts.succeeded('following'),
      };
      await this.#attempts.attempt('following', () => followLog(following));
      await pause(CONFIRM_MS, signal);
      if (!signal.aborted) await this.#attempts.attempt('following', () => this.#startAgain());
    }
  }

  /** Starts again at the checkpoints that the log confirms, while nothing is stored. */
  async #startAgain(): Promise<void> {
    const { inTurn, cache, metrics, logger } = this.#deps;
    const { partition } = this.tail;
    await inTurn(`flush ${partition}`, async () => {
      let stored = await readStored(this.#deps);
      const foldedAgain = beyondLog(stored).map(({ projection }) => projection);
      if (foldedAgain.length > 0 && this.#isOwner()) {
        await removeBeyondLog(stored, this.#deps, this.#stopping.signal);
        stored = await readStored(this.#deps);
      }
      this.tail.restart(this.#adopt(stored));
      cache.clear();
      metrics.healed(partition);
      logger.warn({ partition, foldedAgain }, 'the views disagree with the log, and start again from it');
    });
  }

  #maxTailBytes(): number {
    return this.#deps.settings.flushBytes * 2;
  }

  /**
   * The highest checkpoint that this process knows. The stored one may be higher: the tail has every event above
   * this one, and each document says what it includes.
   */
  checkpointOf({ projection }: Named): Checkpoint {
    const checkpoint = this.#known.get(projection.name);
    invariant(checkpoint, `${projection.name} is a read model of this process`);
    return checkpoint;
  }

  followsTail(model: Named): boolean {
    const isStoredBeyondLog = this.#beyondLog.has(model.projection.name);
    return !isStoredBeyondLog && this.checkpointOf(model).sequence >= this.tail.floor();
  }

  /** The last envelope that answers of a read model include. */
  headOf(model: Named): number {
    return this.followsTail(model) ? this.tail.head() : this.checkpointOf(model).sequence;
  }

  /** Resolves when the head of a read model reaches a sequence or the signal is aborted. */
  async reach(model: Named, sequence: number, signal: AbortSignal): Promise<void> {
    while (!this.followsTail(model) && this.headOf(model) < sequence && !signal.aborted) {
      await pause(POLL_MS, signal);
      if (!this.#isOwner()) await this.#refresh();
    }
    if (this.headOf(model) < sequence) await this.tail.reach(sequence, signal);
  }

  /** Stores the tail now if this process is the owner. Another one drops what the owner has stored. */
  flushNow(): Promise<void> {
    if (!this.#isOwner()) return this.#followOwner();
    this.#nextFlush ??= this.#deps.inTurn(`flush ${this.tail.partition}`, async () => {
      this.#nextFlush = undefined;
      await this.#flush();
    });
    return this.#nextFlush;
  }

  /** Stores the tail if this process is the owner, then stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #flushAtIntervals(): Promise<void> {
    const { settings } = this.#deps;
    const { signal } = this.#stopping;
    const flush = () => this.#attempts.attempt('storing', () => this.flushNow());
    let lastAtMs = performance.now();
    while (!signal.aborted) {
      await pause(CHECK_MS, signal);
      const isDue = performance.now() - lastAtMs >= settings.flushIntervalMs;
      if (!isDue && this.tail.bytes() < settings.flushBytes) continue;
      await flush();
      lastAtMs = performance.now();
    }
    await flush();
  }

  async #flush(): Promise<void> {
    const { models, checkpoints, log, cache, inTurn, settings, metrics } = this.#deps;
    const { signal } = this.#stopping;
    const { tail } = this;
    const startedAt = performance.now();
    await this.#refresh();
    const isUrgent = () => tail.bytes() >= settings.flushBytes || signal.aborted;
    const rest = (workMs: number) => (isUrgent() ? Promise.resolve() : pause(workMs * REST_PER_WORK, signal));
    const following = models.filter((model) => this.followsTail(model));
    const from = this.#known;
    const flushed = await flushTail({ tail, models: following, from, checkpoints, log, cache, inTurn, rest });
    this.#learn(flushed.checkpoints);
    metrics.flushed(tail.partition, flushed.slices, performance.now() - startedAt);
    for (const { projection } of flushed.checkpoints) this.#attempts.succeeded(projection);
    for (const [name, error] of flushed.failures) this.#attempts.failed(name, error);
    if (flushed.failures.size > 0 && tail.bytes() >= settings.flushBytes) {
      this.#trim(({ projection }) => !flushed.failures.has(projection.name));
    }
  }

  /** A tail that is full keeps only what is above the highest checkpoint: a read model that the owner left behind is left here. */
  async #followOwner(): Promise<void> {
    await this.#refresh();
    if (this.tail.bytes() <= this.#maxTailBytes()) return;
    const highest = Math.max(...this.#deps.models.map((model) => this.checkpointOf(model).sequence));
    this.#trim((model) => this.checkpointOf(model).sequence === highest);
  }

  /** Catches up whenever the read model is behind and this process is the owner. */
  async #keepUp(model: ReadModel<unknown>): Promise<void> {
    const { inTurn } = this.#deps;
    const { signal } = this.#stopping;
    const { name } = model.projection;
    for (let failuresInARow = 0; !signal.aborted; ) {
      const isDue = this.#isOwner() && !this.followsTail(model);
      // A step that failed gives the turn away, so that no other read model waits for the pause.
      const hasWorked =
        isDue && (await inTurn('catch up', () => this.#attempts.attempt(name, () => this.#catchUp(model))));
      failuresInARow = isDue && !hasWorked ? failuresInARow + 1 : 0;
      if (!hasWorked) await pause(backoffMs(failuresInARow, BACKOFF), signal);
    }
  }

  /** One step of a read model that is behind. */
  async #catchUp(model: ReadModel<unknown>): Promise<void> {
    const { checkpoints, log, inTurn, settings } = this.#deps;
    const { signal } = this.#stopping;
    await this.#refresh();
    if (signal.aborted || !this.#isOwner() || this.followsTail(model)) return;
    const rest = async (workMs: number) => {
      await pause(workMs * REST_PER_WORK, signal);
      signal.throwIfAborted();
    };
    const range = { from: this.checkpointOf(model), through: this.tail.head() };
    const limits = { maxBytes: settings.flushBytes, rest };
    this.#learn((await catchUp({ model, ...range, ...limits, log, inTurn, checkpoints })).checkpoints);
  }

  /** Throws a Fault UNAVAILABLE if the views disagree with the log: then they start again. */
  async #refresh(): Promise<void> {
    const { partition } = this.tail;
    const beyond = this.#isOwner() ? new Set<string>() : this.#beyondLog;
    const claimed = { partition, head: this.tail.head(), known: new Map(this.#known), beyond };
    const disagreed = this.#disagreed;
    const stored = await this.#readStored(partition);
    try {
      assertAgreed(claimed, stored);
    } catch (error) {
      disagreed.abort();
      throw error;
    }
    this.#beyondLog = namesOf(beyondLog(stored));
    const checkpoints = [...stored.checkpoints.values()];
    this.#learn(checkpoints.filter(({ projection }) => !this.#beyondLog.has(projection)));
  }

  /** Two reads may come back in any order. Drops from the tail what all that follow it have stored. */
  #learn(checkpoints: Iterable<Checkpoint>): void {
    for (const checkpoint of checkpoints) {
      const known = this.#known.get(checkpoint.projection);
      if (known && checkpoint.sequence >= known.sequence) this.#known.set(checkpoint.projection, checkpoint);
    }
    this.#trim(() => true);
  }

  /**
   * Drops from the tail what is stored of these read models. Another one falls behind if it is not stored as far. If none
   * follows the tail, all are folded again, and need its events.
   */
  #trim(isHeeded: (model: ReadModel<unknown>) => boolean): void {
    const stored = this.#deps.models
      .filter((model) => this.followsTail(model) && isHeeded(model))
      .map((model) => this.checkpointOf(model).sequence);
    if (stored.length > 0) this.tail.trimThrough(Math.min(...stored, this.tail.head()));
  }

  #isOwner(): boolean {
    return this.#deps.isOwner(this.tail.partition);
  }
}

const namesOf = (checkpoints: readonly Checkpoint[]) =>
  new Set(checkpoints.map(({ projection }) => projection));
