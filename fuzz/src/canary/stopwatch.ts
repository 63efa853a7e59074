import { isFault } from '@odograph/kernel/fault';
import type { LagMeter } from '../lag.ts';

/** One request of the canary, and how it went. */
export interface Operation {
  readonly name: string;
  readonly tookMs: number;
  /** What the machine withheld in that time; see `LagMeter`. */
  readonly lagMs: number;
  /** Why it failed. A refusal that says when to try again is not a failure. */
  readonly failure?: string;
}

export interface StopwatchDeps {
  readonly lag: LagMeter;
  readonly onOperation: (operation: Operation) => void;
}

/** Measures operations until the signal is aborted. */
export interface Stopwatch {
  /** The result of the work; undefined if it failed. */
  measure<T>(name: string, work: () => Promise<T>): Promise<T | undefined>;
  /** Handles the error of work that has no end to be measured. */
  failed(name: string): (error: unknown) => void;
  /** Resolves when each operation that is under way now has ended. */
  settle(): Promise<void>;
}

export function createStopwatch({ lag, onOperation }: StopwatchDeps, signal: AbortSignal): Stopwatch {
  const running = new Set<Promise<unknown>>();

  function tell(operation: Operation, error?: unknown): void {
    const failure = error === undefined || signal.aborted ? undefined : failureOf(error);
    onOperation({ ...operation, ...(failure !== undefined && { failure }) });
  }

  async function measured<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    const startedAtMs = performance.now();
    const lateMs = lag.start();
    const end = () => ({ name, tookMs: performance.now() - startedAtMs, lagMs: lateMs() });
    try {
      const result = await work();
      tell(end());
      return result;
    } catch (error) {
      tell(end(), error);
      return undefined;
    }
  }

  return {
    async measure(name, work) {
      const operation = measured(name, work);
      running.add(operation);
      return await operation.finally(() => running.delete(operation));
    },
    failed: (name) => (error) => tell({ name, tookMs: 0, lagMs: 0 }, error),
    settle: async () => void (await Promise.all(running)),
  };
}

/** Undefined for a refusal that names a delay: that is what a limit answers. */
function failureOf(error: unknown): string | undefined {
  if (!isFault(error)) return String(error);
  if (error.code === 'OVERLOADED' && error.retryAfterMs !== undefined) return undefined;
  return `${error.code}: ${error.message}`;
}
