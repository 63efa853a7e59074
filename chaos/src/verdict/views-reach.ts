import { EventLogClient } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { isFault } from '@odograph/kernel/fault';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import { type Violation, violationsOf } from './violation.ts';

/** Whether the views of each replica come to where the log is now, in time. */
export async function checkViewsReach(
  endpoints: readonly string[],
  withinMs: number,
): Promise<readonly Violation[]> {
  const behind = await Promise.all(endpoints.map((endpoint) => reachesLog(endpoint, withinMs)));
  return violationsOf('the views come to where the log is', behind.flat());
}

async function reachesLog(endpoint: string, withinMs: number): Promise<readonly string[]> {
  const log = createGrpcClient(EventLogClient, endpoint);
  const views = createGrpcClient(VehicleHistoryClient, endpoint);
  try {
    const { partitions } = await callUnary(log.describe, {}, { deadlineMs: withinMs });
    const atLeast = partitions.flatMap(({ watermark }) => watermark ?? []);
    await callUnary(
      views.listStatus,
      { fleet: '', pageSize: 1, pageToken: '', atLeast },
      { deadlineMs: withinMs },
    );
    return [];
  } catch (error) {
    if (!isFault(error)) throw error;
    return [`${endpoint}: ${error.message}`];
  } finally {
    log.close();
    views.close();
  }
}
