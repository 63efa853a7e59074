import { isFault } from '@odograph/kernel/fault';
import { connectHistory } from '../client/history.ts';
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
  using history = connectHistory(endpoint);
  try {
    const atLeast = await history.watermarks({ deadlineMs: withinMs });
    await history.statusPage({ pageSize: 1, atLeast, deadlineMs: withinMs });
    return [];
  } catch (error) {
    // The query asks for nothing but the position: whatever its fault is, it got no answer there in time.
    if (!isFault(error)) throw error;
    return [`${endpoint}: ${error.message}`];
  }
}
