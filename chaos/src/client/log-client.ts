import {
  EventLogClient,
  type PartitionInfo,
  type SubscribeResponse,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { callServerStream, callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import { type LoggedEvent, toLoggedEvent } from './logged-event.ts';

/** Reads and follows the log on one replica of history. */
export interface LogClient extends Disposable {
  /** All events except ticks, partition by partition, each in order. */
  read(): Promise<readonly LoggedEvent[]>;
  describe(deadlineMs: number): Promise<readonly PartitionInfo[]>;
  /** The log from its start, one message at a time. Resumes after a disconnect; ends when the signal is aborted. */
  follow(signal: AbortSignal): AsyncGenerator<SubscribeResponse>;
}

const READ_WITHIN_MS = 60_000;
const RETRY_MS = 100;

/** Connects on the first call. */
export function connectLog(endpoint: string): LogClient {
  const client = createGrpcClient(EventLogClient, endpoint);
  return {
    async read() {
      const request = { after: [], partitions: [], types: [], subject: '', limit: 0 };
      const log: LoggedEvent[] = [];
      for await (const { events } of callServerStream(client.read, request, { deadlineMs: READ_WITHIN_MS })) {
        log.push(...events.map(toLoggedEvent));
      }
      return log;
    },
    describe: async (deadlineMs) => (await callUnary(client.describe, {}, { deadlineMs })).partitions,
    follow: (signal) => follow(client, signal),
    [Symbol.dispose]: () => client.close(),
  };
}

async function* follow(client: EventLogClient, signal: AbortSignal): AsyncGenerator<SubscribeResponse> {
  const reached = new Map<number, Position>();
  while (!signal.aborted) {
    try {
      const request = { after: [...reached.values()], partitions: [] };
      for await (const message of callServerStream(client.subscribe, request, { signal })) {
        if (message.position) reached.set(message.position.partition, message.position);
        yield message;
      }
    } catch (error) {
      if (!isFault(error)) throw error;
    }
    await pause(RETRY_MS, signal);
  }
}
