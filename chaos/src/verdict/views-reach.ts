import { isFault } from '@odograph/kernel/fault';
import { connectHistory } from '../client/history-client.ts';
import { connectLog } from '../client/log-client.ts';
import { type Violation, violationsOf } from './violation.ts';

/** Checks that the views of each replica reach the current end of the log in time. */
export async function checkViewsReach(
  endpoints: readonly string[],
  withinMs: number,
): Promise<readonly Violation[]> {
  const behind = await Promise.all(endpoints.map((endpoint) => reachLog(endpoint, withinMs)));
  return violationsOf('the views reach the end of the log', behind.flat());
}

async function reachLog(endpoint: string, withinMs: number): Promise<readonly string[]> {
  using log = connectLog(endpoint);
  using history = connectHistory(endpoint);
  try {
    const partitions = await log.describe(withinMs);
    await history.reach(
      partitions.flatMap(({ watermark }) => watermark ?? []),
      withinMs,
    );
    return [];
  } catch (error) {
    if (!isFault(error)) throw error;
    return [`${endpoint}: ${error.message}`];
  }
}
