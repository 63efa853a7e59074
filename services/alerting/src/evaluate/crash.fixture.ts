import type { LogBatch } from '@odograph/client/log';
import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { Bell } from '@odograph/kernel/bell';
import type { Position } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { Rule } from '../domain/rule.ts';
import type { DecodedEvent } from './decoded-event.ts';
import type { EncodedVehicle, StoredEvaluation } from './evaluation-store.ts';
import { decodeVehicle } from './evaluation-store.ts';
import { type EvaluationCheckpoint, FROM_THE_START } from './partition-evaluation.ts';
import { PartitionWorker } from './partition-worker.ts';

/** The process ends, at the step with a number. */
export class Crash extends Error {}

/** Ends the process before or after one of its steps, which are numbered over all processes. */
export class Steps {
  count = 0;
  readonly #crashAt: number;

  constructor(crashAt = Number.POSITIVE_INFINITY) {
    this.#crashAt = crashAt;
  }

  /** A step that others see, with a crash before it, or after it. */
  async run<T>(step: () => T): Promise<T> {
    this.#next();
    const result = step();
    await Promise.resolve();
    this.#next();
    return result;
  }

  #next(): void {
    this.count += 1;
    if (this.count === this.#crashAt) throw new Crash();
  }
}

/** The log of one partition in memory. It keeps an event with a key once, as the log does. */
export class MemoryLog {
  readonly events: Event[] = [];
  readonly #keys = new Set<string>();
  readonly #bell = new Bell();

  append(events: readonly Event[]): void {
    for (const event of events) {
      const key = `${event.subject} ${event.observedAtMs} ${event.reportId}`;
      if (this.#keys.has(key)) continue;
      this.#keys.add(key);
      this.events.push(event);
    }
    this.#bell.ring();
  }

  /** One event an envelope. */
  async *follow({ sequence }: Position, signal: AbortSignal): AsyncGenerator<LogBatch> {
    signal.addEventListener('abort', () => this.#bell.ring(), { once: true });
    for (let at = sequence; !signal.aborted; ) {
      const event = this.events[at];
      if (!event) {
        await this.#bell.rung();
        continue;
      }
      at += 1;
      const position = { partition: 0, sequence: at };
      yield { events: [{ position: { ...position, index: 0 }, event }], position } as LogBatch;
    }
  }
}

/** What is stored, with the guards of the real one. */
export class MemoryStore {
  readonly #vehicles = new Map<string, EncodedVehicle>();
  #checkpoint: { after: number; checkpoint: EvaluationCheckpoint } = { after: 0, checkpoint: FROM_THE_START };

  load(): StoredEvaluation {
    const vehicles = Array.from(
      this.#vehicles.values(),
      ({ vehicleId, bytes }) => [vehicleId, decodeVehicle(bytes)] as const,
    );
    return { ...this.#checkpoint, vehicles: this.#checkpoint.after === 0 ? new Map() : new Map(vehicles) };
  }

  saveVehicles(vehicles: readonly EncodedVehicle[]): void {
    for (const vehicle of vehicles) {
      const held = this.#vehicles.get(vehicle.vehicleId)?.includes ?? { sequence: -1, index: 0 };
      if (held.sequence < vehicle.includes.sequence) this.#vehicles.set(vehicle.vehicleId, vehicle);
    }
  }

  saveCheckpoint({ sequence }: Position, checkpoint: EvaluationCheckpoint): void {
    if (sequence > this.#checkpoint.after)
      this.#checkpoint = { after: sequence, checkpoint: structuredClone(checkpoint) };
  }
}

/** What the views were told: the events of alerts, in the order in which they first came. */
export class MemoryViews {
  readonly events = new Map<number, string>();

  apply(events: readonly DecodedEvent[]): void {
    for (const { position, event } of events)
      this.events.set(position.sequence, `${event.subject} ${event.type} ${event.reportId}`);
  }
}

interface RunOptions {
  readonly log: MemoryLog;
  readonly store: MemoryStore;
  readonly views: MemoryViews;
  readonly steps: Steps;
  readonly compile: (document: string) => Rule | undefined;
}

/** One process, until the log has nothing new for it, or it crashes. Gives whether it crashed, and what it knows at the end. */
export async function runProcess({ log, store, views, steps, compile }: RunOptions) {
  const ending = new AbortController();
  let hasCrashed = false;
  const crash = (error: unknown): number => {
    if (!(error instanceof Crash)) throw error;
    hasCrashed = true;
    ending.abort();
    return 0;
  };
  const publisher = {
    appendAll: async (appends: readonly (readonly Event[])[]) => {
      try {
        await steps.run(() => log.append(appends.flat()));
      } catch (error) {
        crash(error);
        // It never learns what became of it.
        return await new Promise<never>(() => undefined);
      }
      return [{ partition: 0, sequence: log.events.length, index: 0 }];
    },
  };
  const worker = new PartitionWorker({
    ...{ partition: 0, compile, storeEveryMs: 0 },
    views: {
      concerns: ({ subject }) => subject.startsWith('alert/'),
      async apply(events) {
        await new Promise((resolve) => setImmediate(resolve));
        if (hasCrashed) return await new Promise<never>(() => undefined);
        await steps.run(() => views.apply(events));
        return [];
      },
    },
    follow: (after, signal) => log.follow(after, signal),
    store: {
      load: () => steps.run(() => store.load()),
      saveVehicles: (_, vehicles) => steps.run(() => store.saveVehicles(vehicles)),
      saveCheckpoint: (position, checkpoint) => steps.run(() => store.saveCheckpoint(position, checkpoint)),
      forget: async () => undefined,
    },
    outgoing: { publisher, clock: { now: () => 1 }, onTrouble: crash, onSuccess: () => undefined },
    onTrouble: (_, error) => crash(error),
    onSuccess: () => undefined,
    onSkipped: (_, error) => {
      throw error;
    },
    onEvaluated: () => undefined,
  });
  const running = worker.run(ending.signal);
  await Promise.race([quiet(worker, log, ending.signal), running]);
  const hash = hasCrashed ? undefined : worker.hash();
  ending.abort();
  if (!hasCrashed) await running;
  return { hasCrashed, hash };
}

/** Resolves when all is evaluated, and all that it makes is in the log, or when the signal is aborted. */
async function quiet(worker: PartitionWorker, log: MemoryLog, signal: AbortSignal): Promise<void> {
  for (let turns = 0; turns < 20 && !signal.aborted; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    const isQuiet = worker.through === log.events.length && worker.outgoingCount === 0;
    if (!isQuiet) turns = 0;
  }
}

/** A log of these events, each at a time of its own. */
export function logOf(events: readonly VehicleEvent[]): MemoryLog {
  const log = new MemoryLog();
  log.append(events.map((event) => encodeEvent(event)));
  return log;
}
