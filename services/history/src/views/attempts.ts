import type { Logger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import type { ViewMetrics } from './metrics.ts';

interface AttemptsDeps {
  readonly partition: number;
  readonly metrics: Pick<ViewMetrics, 'retried'>;
  readonly logger: Logger;
}

/** What can fail by itself: following the log, storing the tail, or a projection, by its name. */
type ViewStep = string;

function projectionIn(step: ViewStep): string | undefined {
  return step === 'following' || step === 'storing' ? undefined : step;
}

/** What the views of a partition try, and try again later. Nothing is lost if it fails, because the log has all events. */
export class Attempts {
  readonly #deps: AttemptsDeps;
  readonly #stopping: AbortSignal;
  readonly #troubles = new Map<ViewStep, Trouble>();

  /** @param stopping once it is aborted, an attempt that ends with an `AbortError` has not failed */
  constructor(deps: AttemptsDeps, stopping: AbortSignal) {
    this.#deps = deps;
    this.#stopping = stopping;
  }

  /** Resolves with whether the work succeeded. */
  async attempt(step: ViewStep, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.succeeded(step);
      return true;
    } catch (error) {
      const isStopping = this.#stopping.aborted && error instanceof Error && error.name === 'AbortError';
      if (!isStopping) this.failed(step, error);
      return false;
    }
  }

  failed(step: ViewStep, error: unknown): void {
    const { partition, metrics } = this.#deps;
    metrics.retried(partition, projectionIn(step));
    this.#troubleOf(step).failed(error);
  }

  succeeded(step: ViewStep): void {
    this.#troubles.get(step)?.succeeded();
  }

  #troubleOf(step: ViewStep): Trouble {
    const known = this.#troubles.get(step);
    if (known) return known;
    const { partition, logger } = this.#deps;
    const fields = { partition, projection: projectionIn(step) };
    const trouble = new Trouble({ logger, message: 'following or storing is tried again', fields });
    this.#troubles.set(step, trouble);
    return trouble;
  }
}
