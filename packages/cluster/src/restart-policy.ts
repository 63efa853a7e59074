import { backoffMs } from '@odograph/kernel/backoff';
import type { Clock } from '@odograph/kernel/clock';

export interface RestartLimits {
  /** The delay before the first restart; it doubles with each further exit within the window. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Gives up at this many exits within the window. */
  readonly maxExits: number;
  readonly windowMs: number;
  /** Gives up at an exit if the process was not up for this long. */
  readonly maxDownMs: number;
}

/** For users: a process that keeps failing is reported soon. */
export const UP_LIMITS: RestartLimits = {
  firstDelayMs: 100,
  maxDelayMs: 5_000,
  maxExits: 6,
  windowMs: 60_000,
  maxDownMs: Number.POSITIVE_INFINITY,
};

/** For tests that break the platform on purpose: the process is restarted often, until it is down for too long. */
export const CLUSTER_LIMITS: RestartLimits = {
  firstDelayMs: 100,
  maxDelayMs: 100,
  maxExits: Number.POSITIVE_INFINITY,
  windowMs: 60_000,
  maxDownMs: 90_000,
};

export interface RestartPolicy {
  /** Records that the process is up. */
  up(): void;
  /** Records an exit or a failed start. @returns the delay before the next start in ms; undefined: give up. */
  exited(): number | undefined;
}

/** Decides how long to wait before a restart, and when to give up. Exits before the window do not count. */
export function createRestartPolicy(clock: Clock, limits: RestartLimits): RestartPolicy {
  const { firstDelayMs: firstMs, maxDelayMs: maxMs, maxExits, windowMs, maxDownMs } = limits;
  let exits: number[] = [];
  let downSince: number | undefined = clock.now();
  return {
    up: () => {
      downSince = undefined;
    },
    exited: () => {
      const now = clock.now();
      downSince ??= now;
      exits = [...exits.filter((at) => now - at < windowMs), now];
      if (exits.length >= maxExits || now - downSince >= maxDownMs) return undefined;
      return backoffMs(exits.length - 1, { firstMs, maxMs });
    },
  };
}
