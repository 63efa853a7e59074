import type { LogBatch, LogEvent } from '@odograph/client/log';
import { decodeEvent, NEWEST_VERSIONS } from '@odograph/contracts/event-catalogue';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { EventPosition, Position } from '@odograph/kernel/position';
import { WorkTurn } from '@odograph/platform/work-turn';
import type { Rule } from '../domain/rule.ts';
import type { DecodedEvent } from './decoded-event.ts';
import { type EvaluationStore, encodeVehicle } from './evaluation-store.ts';
import { Outgoing, type OutgoingDeps } from './outgoing.ts';
import { PartitionEvaluation } from './partition-evaluation.ts';
import { type PartitionViews, ViewsQueue } from './views-queue.ts';

interface WorkerDeps {
  readonly partition: number;
  /** Follows the log of the partition after a position, until the signal is aborted. */
  readonly follow: (after: Position, signal: AbortSignal) => AsyncIterable<LogBatch>;
  readonly store: Pick<EvaluationStore, 'load' | 'saveVehicles' | 'saveCheckpoint' | 'forget'>;
  readonly outgoing: OutgoingDeps;
  readonly views: PartitionViews;
  readonly compile: (document: string) => Rule | undefined;
  readonly storeEveryMs: number;
  readonly onTrouble: (what: Work, error: unknown) => number;
  readonly onSuccess: (what: Work) => void;
  /** An event that cannot be evaluated, by anyone: it changes nothing. */
  readonly onSkipped: (position: EventPosition, error: unknown) => void;
  readonly onEvaluated: (events: readonly DecodedEvent[], through: Position) => void;
}

type Work = 'evaluating' | 'storing';

/** Vehicles that are encoded and stored together. */
const VEHICLES_A_TURN = 50;
const VEHICLE_BYTES = 16 * 1_024;
/** What an event takes in turns of the event loop, in bytes that are decoded. */
const EVENT_BYTES = 1_024;
/** How long the end waits for what has to be stored. */
const LAST_STORE_MS = 5_000;

/** One evaluation from what is stored: it ends with the first failure. */
interface Course {
  readonly evaluation: PartitionEvaluation;
  readonly outgoing: Outgoing;
  readonly views: ViewsQueue;
  readonly signal: AbortSignal;
}

/** Evaluates the log of one partition from what is stored, while this process owns it. */
export class PartitionWorker {
  readonly #deps: WorkerDeps;
  #evaluation: PartitionEvaluation | undefined;
  #outgoing: Outgoing | undefined;
  #through = 0;
  #storing: Promise<void> | undefined;
  #storedAtMs = performance.now();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  /** The last envelope that is evaluated. */
  get through(): number {
    return this.#through;
  }

  get vehicleCount(): number {
    return this.#evaluation?.alerts.vehicles.size ?? 0;
  }

  /** Events that wait until the log has them. */
  get outgoingCount(): number {
    return this.#outgoing?.count ?? 0;
  }

  /** Of what is known now; undefined before anything is. */
  hash(): string | undefined {
    return this.#evaluation?.hash();
  }

  /** Evaluates until the signal is aborted, then stores. After a failure it begins again with what is stored. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const ending = new AbortController();
      const outgoing = new Outgoing(this.#deps.outgoing);
      this.#outgoing = outgoing;
      const sending = outgoing.run(ending.signal);
      try {
        await this.#evaluate(outgoing, signal);
      } catch (error) {
        if (!signal.aborted) await this.#failed(error, signal);
      }
      await this.#storing;
      ending.abort();
      await sending;
    }
  }

  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    const { partition, store, onTrouble } = this.#deps;
    const waitMs = onTrouble('evaluating', error);
    if (isFault(error, 'OUT_OF_RANGE'))
      await store.forget(partition).catch((failed: unknown) => onTrouble('storing', failed));
    await pause(waitMs, signal);
  }

  async #evaluate(outgoing: Outgoing, signal: AbortSignal): Promise<void> {
    const { partition, store, compile, follow, onSuccess } = this.#deps;
    const { after, ...stored } = await store.load(partition);
    const evaluation = new PartitionEvaluation({ ...stored, compile });
    this.#evaluation = evaluation;
    this.#through = after;
    this.#storedAtMs = performance.now();
    const failing = new AbortController();
    const either = AbortSignal.any([signal, failing.signal]);
    const views = this.#viewsBeside(outgoing, () => failing.abort());
    try {
      for await (const batch of follow({ partition, sequence: after }, either)) {
        await this.#take(batch, { evaluation, outgoing, views, signal: either });
        onSuccess('evaluating');
      }
    } finally {
      await views.idle();
      await this.#storing;
    }
    const course = { evaluation, outgoing, views, signal: AbortSignal.timeout(LAST_STORE_MS) };
    if (this.#through > after) await this.#store(course);
  }

  #viewsBeside(outgoing: Outgoing, onFailed: () => void): ViewsQueue {
    return new ViewsQueue({
      views: this.#deps.views,
      onApplied: ({ sequence }, events) => outgoing.add({ sequence, index: 0 }, events),
      onFailed,
    });
  }

  async #take({ events, position }: LogBatch, course: Course): Promise<void> {
    const { onEvaluated } = this.#deps;
    const { outgoing, views, signal } = course;
    const turn = new WorkTurn();
    const taken: DecodedEvent[] = [];
    for (const logged of events) {
      const decoded = this.#evaluateEvent(logged, course);
      if (decoded) taken.push(decoded);
      if (turn.isOver(EVENT_BYTES)) await turn.next();
    }
    views.add(taken, position);
    this.#through = position.sequence;
    onEvaluated(taken, position);
    await Promise.all([views.room(signal), outgoing.room(signal)]);
    this.#storeIfDue(course);
  }

  /** Undefined for an event that this program does not know, or that is not right: it changes nothing. */
  #evaluateEvent(
    { position, event: wire }: LogEvent,
    { evaluation, outgoing }: Course,
  ): DecodedEvent | undefined {
    const { partition, onSkipped } = this.#deps;
    // An alert does not depend on types of events that came after this program.
    if (!NEWEST_VERSIONS.has(wire.type)) return undefined;
    const at = { ...position, index: position.index ?? 0 };
    const { traceparent } = wire;
    try {
      const event = decodeEvent(wire);
      const made = evaluation.apply(event, at);
      const events = made.map((each) => ({ partition, event: each, traceparent }));
      outgoing.add(at, events);
      return { position: at, event, traceparent };
    } catch (error) {
      if (!isFault(error, 'CORRUPT_LOG')) throw error;
      onSkipped(at, error);
      return undefined;
    }
  }

  #storeIfDue(course: Course): void {
    const { storeEveryMs, onTrouble, onSuccess } = this.#deps;
    if (this.#storing || performance.now() - this.#storedAtMs < storeEveryMs) return;
    this.#storing = this.#store(course)
      .then(
        () => onSuccess('storing'),
        (error: unknown) => {
          // At the end it is begun again, as the last one.
          if (!course.signal.aborted) onTrouble('storing', error);
        },
      )
      .finally(() => {
        this.#storing = undefined;
        this.#storedAtMs = performance.now();
      });
  }

  /** Vehicles one after the other, each as it is then, while others go on; then the checkpoint, which is from before all. */
  async #store({ evaluation, outgoing, views, signal }: Course): Promise<void> {
    const { partition, store } = this.#deps;
    const checkpoint = evaluation.checkpoint();
    const sequence = this.#through;
    const changed = [...evaluation.alerts.takeChanged()];
    const turn = new WorkTurn();
    try {
      for (let at = 0; at < changed.length; at += VEHICLES_A_TURN) {
        const encoded = changed.slice(at, at + VEHICLES_A_TURN).flatMap((vehicleId) => {
          const vehicle = evaluation.alerts.vehicles.get(vehicleId);
          return vehicle ? [encodeVehicle(vehicleId, vehicle)] : [];
        });
        // What its state has told must be in the log before: it is not told again.
        await outgoing.reached(Math.max(...encoded.map(({ includes }) => includes.sequence)), signal);
        signal.throwIfAborted();
        await store.saveVehicles(partition, encoded);
        if (turn.isOver(VEHICLES_A_TURN * VEHICLE_BYTES)) await turn.next();
      }
      // From the checkpoint on, no event before it is applied to the views, nor told, again.
      await views.reached(sequence, signal);
      await outgoing.reached(sequence, signal);
      signal.throwIfAborted();
      await store.saveCheckpoint({ partition, sequence }, checkpoint);
    } catch (error) {
      evaluation.alerts.giveBack(changed);
      throw error;
    }
  }
}
