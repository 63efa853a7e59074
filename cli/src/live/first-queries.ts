import { dataDirOf, runningPlatform } from '@odograph/cluster/up-state';

/** Queries to copy, as they work in another terminal right now; those about a vehicle once there is one. */
export function firstQueries(
  historyEndpoint: string,
  vehicleId: string | undefined,
  nowMs: number,
): readonly string[] {
  const found = runningPlatform(dataDirOf(process.env));
  const where = found?.endpoints['history'] === historyEndpoint ? '' : ` --endpoint ${historyEndpoint}`;
  if (vehicleId === undefined) return [`npx odograph status${where}`];
  const from = new Date(nowMs - 5 * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
  return [
    `npx odograph status ${vehicleId}${where}`,
    `npx odograph history ${vehicleId} --from ${from} --signals speed_kmh${where}`,
    `npx odograph log tail${where}`,
  ];
}
