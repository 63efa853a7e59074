/** Microseconds of processor time for each of so many things that `work` does, with all that runs beside it in this process. */
export async function cpuMicrosEach(count: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/** What the steps of a path cost a report, in microseconds of processor time, by their names. */
export type PathCost = Readonly<Record<string, number>>;

/** The least of each step: what else the machine did can only add to it. */
export function leastOf(rounds: readonly PathCost[]): PathCost {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, Math.min(...rounds.map((cost) => cost[name] ?? 0))]));
}
