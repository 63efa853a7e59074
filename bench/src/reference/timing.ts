/** How fast a reference stored events, and what its client, a process of its own, took for it. */
export interface Timing {
  /** Events stored while the clock ran. */
  readonly events: number;
  readonly durationMs: number;
  readonly eventsPerSecond: number;
  /** CPU time of the client over the duration; 1 is one core kept busy. */
  readonly clientCpuShare: number;
  /** The most memory the client held, what it prepared before the clock started included. */
  readonly clientPeakRssMib: number;
}

/** Runs what stores `events` events by the clock. */
export async function timed(events: number, work: () => Promise<unknown>): Promise<Timing> {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await work();
  const durationMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    events,
    durationMs,
    eventsPerSecond: (events / durationMs) * 1_000,
    clientCpuShare: (user + system) / 1_000 / durationMs,
    clientPeakRssMib: process.resourceUsage().maxRSS / 1_024,
  };
}
