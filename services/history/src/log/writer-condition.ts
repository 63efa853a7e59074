import { asNatsFault } from '@odograph/event-log/nats-problem';
import { type Fault, isFault } from '@odograph/kernel/fault';
import type { Logger } from '@odograph/platform/logger';
import { type Failure, Trouble } from '@odograph/platform/trouble';
import type { WriterMetrics } from './metrics.ts';

interface ConditionDeps {
  readonly partition: number;
  /** Converts an error of MongoDB to a Fault in words; returns any other error as it is. */
  readonly toFault: (error: unknown) => unknown;
  readonly metrics: Pick<WriterMetrics, 'retried' | 'halted' | 'resumed'>;
  readonly logger: Logger;
}

/** A session as a whole, and what goes on in it: each fails and succeeds by itself. */
type WriterStep = 'session' | 'heartbeat' | 'append';

const TRIED_AGAIN = 'appending to the log is tried again';

/** The last failure, also if it is over, and since when it is not. */
export interface WriterTrouble {
  readonly last: Failure | undefined;
  readonly sinceMs: number | undefined;
}

/** Why a writer does not append, for operators: what is tried again, and what halts the partition. */
export class WriterCondition {
  readonly #deps: ConditionDeps;
  readonly #troubles: Readonly<Record<WriterStep, Trouble>>;
  #halted: string | undefined;

  constructor(deps: ConditionDeps) {
    this.#deps = deps;
    const { logger, partition } = deps;
    const trouble = () => new Trouble({ logger, message: TRIED_AGAIN, fields: { partition } });
    this.#troubles = { session: trouble(), heartbeat: trouble(), append: trouble() };
  }

  /** Why the partition is halted; undefined if it is not. */
  get haltedBecause(): string | undefined {
    return this.#halted;
  }

  /** What failed last, and since when something fails without a success, in Unix milliseconds. */
  get trouble(): WriterTrouble {
    const all = Object.values(this.#troubles);
    const [last] = all.flatMap((each) => each.last ?? []).toSorted((a, b) => b.atMs - a.atMs);
    const failing = all.flatMap(({ sinceMs }) => sinceMs ?? []);
    return { last, sinceMs: failing.length === 0 ? undefined : Math.min(...failing) };
  }

  /** Returns how long to wait before the step is tried again, in milliseconds. */
  failed(step: WriterStep, error: unknown): number {
    const { partition, metrics, toFault } = this.#deps;
    metrics.retried(partition);
    return this.#troubles[step].failed(toFault(asNatsFault(error)));
  }

  succeeded(...steps: readonly WriterStep[]): void {
    for (const step of steps) this.#troubles[step].succeeded();
  }

  /** It stays halted until a session appends, or is ready to append for as long as a heartbeat. */
  halt(reason: string): void {
    const { partition, metrics, logger } = this.#deps;
    if (reason !== this.#halted) {
      metrics.halted(partition);
      logger.error({ partition, reason }, 'the partition is halted');
    }
    this.#halted = reason;
  }

  resume(): void {
    const { partition, metrics, logger } = this.#deps;
    if (this.#halted === undefined) return;
    this.#halted = undefined;
    metrics.resumed(partition);
    logger.info({ partition }, 'the partition is no longer halted');
  }
}

/** Whether only an operator can end the cause: no owner can read the stream or the log. */
export function isHalting(error: unknown): error is Fault {
  return isFault(error, 'RULE_VIOLATED', 'CORRUPT_LOG');
}
