import { setTimeout as delay } from 'node:timers/promises';
import type {
  EventLogClient,
  LoggedEvent,
  SubscribeRequest,
  SubscribeResponse,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { callServerStream, callUnary } from '@odograph/platform/grpc-client';
import { logRange } from './log-range.ts';
import { note } from './output.ts';

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
    await delay(RETRY_AFTER_MS, undefined, { signal }).catch(rethrowUnless(signal));
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

/** A wait that is called off is at its end. */
function rethrowUnless(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
