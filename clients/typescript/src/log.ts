import { type CallOptions, type Channel, callServerStream, callUnary } from './call.ts';
import { endlessStream } from './endless-stream.ts';
import { Fault } from './fault.ts';
import {
  EventLogService,
  type LoggedEvent,
  type PartitionInfo,
  type SubscribeResponse,
} from './generated/odograph/history/v1/event_log.ts';
import type { Event } from './generated/odograph/telemetry/v1/event.ts';
import type { Position } from './generated/odograph/telemetry/v1/position.ts';
import { type RetryOptions, withRetries } from './retry.ts';

/** An event and its place in the log. */
export interface LogEvent {
  readonly position: Position;
  /** Its payload is encoded; `type` and `version` say as which message. */
  readonly event: Event;
}

export interface FollowOptions extends Pick<CallOptions, 'traceparent'> {
  /** How often to ask where `now` is. Default: for 30 s. Disconnects are not counted. */
  readonly maxAttempts?: number | undefined;
  /** The position behind which to begin, one a partition: what the caller has handled already. */
  readonly after?: readonly Position[] | undefined;
  /** Where to begin in partitions that `after` does not name. Default: `start`, the first event. */
  readonly from?: 'start' | 'now' | undefined;
  /** Only these partitions. Default: all. */
  readonly partitions?: readonly number[] | undefined;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the stream broke; it is opened again after `retryInMs` milliseconds. */
  readonly onDisconnect?: ((fault: Fault, retryInMs: number) => void) | undefined;
}

/** Which events to give. */
export interface EventFilter {
  /** Only these types. Default: all but TimeTicked. */
  readonly types?: readonly string[] | undefined;
  /** Only the events of this vehicle. Default: all. */
  readonly subject?: string | undefined;
}

export interface ReadLogOptions extends CallOptions, EventFilter {
  /** As for following the log. */
  readonly after?: readonly Position[] | undefined;
  readonly partitions?: readonly number[] | undefined;
  /** At most this many events. Default: no limit. */
  readonly limit?: number | undefined;
  /** First waits until the log has these positions, one a partition, such as those of reports that were acknowledged. */
  readonly atLeast?: readonly Position[] | undefined;
}

/** Events of one partition, in order, and the position up to which everything of the partition has been given. */
export interface LogBatch {
  readonly events: readonly LogEvent[];
  readonly position: Position;
}

export async function describeLog(
  channel: Channel,
  options: RetryOptions = {},
): Promise<readonly PartitionInfo[]> {
  const answer = await withRetries(
    (callOptions) => callUnary(channel, EventLogService.describe, {}, callOptions),
    options,
  );
  return answer.partitions;
}

/** The last position of each partition that has events. */
export async function watermarks(channel: Channel, options: RetryOptions = {}): Promise<readonly Position[]> {
  const partitions = await describeLog(channel, options);
  return partitions.flatMap(({ watermark }) => (watermark && watermark.sequence > 0 ? [watermark] : []));
}

export async function* readLog(
  channel: Channel,
  options: ReadLogOptions = {},
): AsyncGenerator<LogEvent, void, undefined> {
  const { after = [], partitions = [], types = [], subject = '', limit = 0, atLeast = [] } = options;
  const request = {
    ...{ after: [...after], partitions: [...partitions], types: [...types], atLeast: [...atLeast] },
    ...{ subject, limit },
  };
  const answers = callServerStream(channel, EventLogService.read, request, options);
  for await (const { events } of answers) yield* events.map(assertComplete);
}

export async function* events(
  channel: Channel,
  options: FollowOptions & EventFilter = {},
): AsyncGenerator<LogEvent, void, undefined> {
  for await (const batch of eventBatches(channel, options)) {
    yield* batch.events.filter(({ event }) => isWanted(event, options));
  }
}

function isWanted({ type, subject }: Event, filter: EventFilter): boolean {
  const isOfType = filter.types?.length ? filter.types.includes(type) : type !== 'TimeTicked';
  return isOfType && (!filter.subject || subject === filter.subject);
}

export async function* eventBatches(
  channel: Channel,
  options: FollowOptions = {},
): AsyncGenerator<LogBatch, void, undefined> {
  const { partitions = [], signal } = options;
  const reached = await beginning(channel, options).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
    return new Map<number, Position>();
  });
  const request = () => ({ after: [...reached.values()], partitions: [...partitions] });
  for await (const answer of endlessStream(channel, EventLogService.subscribe, request, options)) {
    const batch = batchOf(answer);
    reached.set(batch.position.partition, batch.position);
    yield batch;
  }
}

async function beginning(
  channel: Channel,
  { after = [], from, signal, traceparent, maxAttempts }: FollowOptions,
): Promise<Map<number, Position>> {
  const now = from === 'now' ? await watermarks(channel, { signal, traceparent, maxAttempts }) : [];
  return new Map([...now, ...after].map((position) => [position.partition, position]));
}

function batchOf({ events: found, position }: SubscribeResponse): LogBatch {
  if (!position) throw new Fault('INTERNAL', 'the server sent events without the position they reach');
  return { events: found.map(assertComplete), position };
}

function assertComplete({ position, event }: LoggedEvent): LogEvent {
  if (!position || !event)
    throw new Fault('INTERNAL', 'the server sent an event without its position or content');
  return { position, event };
}
