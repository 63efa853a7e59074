/** How fast a reference stored events, and what its client process used for it. */
export interface Timing {
  readonly events: number;
  readonly durationMs: number;
  readonly eventsPerSecond: number;
  /** CPU time of the client; 1 is one busy core. */
  readonly clientCpuShare: number;
  /** The maximum of the client's memory, including what it prepared before the clock started. */
  readonly clientPeakRssMib: number;
}

/** Times `work`, which stores `events` events. */
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
