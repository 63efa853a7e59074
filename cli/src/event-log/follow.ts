import type {
  EventLogClient,
  LoggedEvent,
  SubscribeRequest,
  SubscribeResponse,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { callServerStream, callUnary } from '@odograph/platform/grpc/client';
import { note } from '../terminal/output.ts';
import { logRange } from './log-range.ts';

export interface FollowOptions {
  readonly client: EventLogClient;
  /** Where to begin; empty: with what is committed next. */
  readonly from: readonly Position[];
  /** Only these; empty: all. */
  readonly partitions: readonly number[];
  /** Ends it. */
  readonly signal: AbortSignal;
}

const RETRY_AFTER_MS = 1_000;

/** Follows the log until told to end, over connections that break: each goes on behind what the last one brought. */
export async function* follow(options: FollowOptions): AsyncGenerator<LoggedEvent> {
  const { client, from, partitions, signal } = options;
  const range = logRange(from, partitions);
  const begin = from.length > 0 ? range.after : await watermarks(client);
  const reached = new Map(begin.map((position) => [position.partition, position]));
  while (!signal.aborted) {
    const asked = { after: [...reached.values()], partitions: range.partitions };
    for await (const { events, position } of untilBroken(client, asked, signal)) {
      yield* events;
      if (position) reached.set(position.partition, position);
    }
    await pause(RETRY_AFTER_MS, signal);
  }
}

/** What one connection brings; it ends where that breaks. */
async function* untilBroken(
  client: EventLogClient,
  asked: SubscribeRequest,
  signal: AbortSignal,
): AsyncGenerator<SubscribeResponse> {
  try {
    yield* callServerStream(client.subscribe, asked, { signal });
  } catch (error) {
    if (signal.aborted) return;
    if (!isFault(error, 'UNAVAILABLE')) throw error;
    note(`${error.message}; trying again`);
  }
}

/** What is committed now. Throws where the server cannot be reached at all. */
async function watermarks(client: EventLogClient): Promise<readonly Position[]> {
  const { partitions } = await callUnary(client.describe, {});
  return partitions.flatMap(({ watermark }) => (watermark && watermark.sequence > 0 ? [watermark] : []));
}
