/** CPU time of this process in microseconds for each of the `count` items that `work` processes. */
export async function cpuMicrosEach(count: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/** CPU time of a report in microseconds, by the name of the step. */
export type PathCost = Readonly<Record<string, number>>;

/** The minimum of each step, because other processes can only add to it. */
export function leastOf(rounds: readonly PathCost[]): PathCost {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, Math.min(...rounds.map((cost) => cost[name] ?? 0))]));
}
