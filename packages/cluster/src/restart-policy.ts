import { backoffMs } from '@odograph/kernel/backoff';
import type { Clock } from '@odograph/kernel/clock';

export interface RestartLimits {
  /** Before the first restart; each further one within the window waits twice as long. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** This many deaths within the window are one too many. */
  readonly maxDeaths: number;
  readonly windowMs: number;
}

const restartLimits: RestartLimits = {
  firstDelayMs: 100,
  maxDelayMs: 5_000,
  maxDeaths: 6,
  windowMs: 60_000,
};

export interface RestartPolicy {
  /** Notes a death. @returns how long to wait before the next start, or undefined: give up. */
  afterDeath(): number | undefined;
}

/** How long to wait after which death, and when to stop trying. Deaths older than the window are forgotten. */
export function createRestartPolicy(clock: Clock, limits: RestartLimits = restartLimits): RestartPolicy {
  let deaths: number[] = [];
  return {
    afterDeath: () => {
      const now = clock.now();
      deaths = [...deaths.filter((at) => now - at < limits.windowMs), now];
      if (deaths.length >= limits.maxDeaths) return undefined;
      return backoffMs(deaths.length - 1, { firstMs: limits.firstDelayMs, maxMs: limits.maxDelayMs });
    },
  };
}
