import { dataDirOf, runningPlatform } from '../running-platform.ts';

/** Three queries to copy, as they work in another terminal right now. */
export async function firstQueries(
  historyEndpoint: string,
  vehicleId: string,
  nowMs: number,
): Promise<readonly string[]> {
  const found = await runningPlatform(dataDirOf(process.env));
  const where = found?.endpoints['history'] === historyEndpoint ? '' : ` --endpoint ${historyEndpoint}`;
  const from = new Date(nowMs - 5 * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
  return [
    `npx odograph status ${vehicleId}${where}`,
    `npx odograph history ${vehicleId} --from ${from} --signals speed_kmh${where}`,
    `npx odograph log tail${where}`,
  ];
}
