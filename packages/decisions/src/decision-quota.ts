import type { Clock } from '@odograph/kernel/clock';
import { LimitFault } from '@odograph/kernel/limit-fault';
import { createTokenBuckets } from '@odograph/platform/token-bucket';

/**
 * The decisions of how many seconds a client may make at once. It is long, so that the import of a fleet is as fast as
 * decisions are made.
 */
export const DECISIONS_BURST_S = 10;

/** When to try again at the soonest. One decision would be admitted sooner, but usually several are refused. */
const RETRY_MS = 100;

/** How many decisions each client may make. */
export interface DecisionQuota {
  /** Throws a Fault OVERLOADED with the time to wait if the client makes more decisions than its rate. */
  admit(client: string): void;
}

interface DecisionQuotaOptions {
  readonly decisionsPerSecond: number;
  readonly clock: Clock;
}

export function createDecisionQuota({ decisionsPerSecond, clock }: DecisionQuotaOptions): DecisionQuota {
  const burst = decisionsPerSecond * DECISIONS_BURST_S;
  const tokens = createTokenBuckets({ ratePerSecond: decisionsPerSecond, burst, clock });
  return {
    admit(client) {
      const afterMs = tokens.tryTake(client, 1);
      if (afterMs > 0) throw tooMany(decisionsPerSecond, Math.max(RETRY_MS, afterMs));
    },
  };
}

function tooMany(decisionsPerSecond: number, retryAfterMs: number): LimitFault {
  const limit = `${decisionsPerSecond} decisions/s a client`;
  const message = `more than ${limit}: wait ${retryAfterMs} ms`;
  return new LimitFault('client_decisions_per_second', 'OVERLOADED', message, { limit, retryAfterMs });
}
