import { EventLogClient } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { callServerStream, createGrpcClient } from '@odograph/platform/grpc/client';
import { type LoggedEvent, toLoggedEvent } from './logged-event.ts';

const READ_WITHIN_MS = 60_000;

/** The whole log but the ticks of the clock, in order, a partition after the other. */
export async function readLog(endpoint: string): Promise<readonly LoggedEvent[]> {
  const client = createGrpcClient(EventLogClient, endpoint);
  try {
    const request = { after: [], partitions: [], types: [], subject: '', limit: 0 };
    const log: LoggedEvent[] = [];
    for await (const { events } of callServerStream(client.read, request, { deadlineMs: READ_WITHIN_MS })) {
      log.push(...events.map(toLoggedEvent));
    }
    return log;
  } finally {
    client.close();
  }
}
