import { decodeEvent, encodePayload, NEWEST_VERSIONS } from '@odograph/contracts/event-catalogue';
import {
  EventLogService,
  type LoggedEvent,
  type PartitionInfo,
  type ReadRequest,
  type ReadResponse,
  type SubscribeRequest,
  type SubscribeResponse,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { type LogListener, subscribe } from '@odograph/event-log/subscribe';
import { type EventPosition, endOfEnvelope, type Position } from '@odograph/kernel/position';
import { grpcService, serverStream, unary } from '@odograph/platform/grpc/handler';
import type { MatchQuery, MongoLogReader } from '../log/mongo-log-reader.ts';
import { mergeAsync } from './merge-async.ts';
import { checkPosition } from './request-checks.ts';

/** The maximum number of events in one message. */
const EVENTS_PER_MESSAGE = 500;

/** Broadcasts kept for a slow subscriber, for each partition. It is small because there may be many subscribers. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

interface EventLogDeps {
  readonly partitionCount: number;
  readonly reader: MongoLogReader;
  readonly listen: LogListener;
  readonly describe: () => Promise<readonly PartitionInfo[]>;
}

export function eventLogService({ partitionCount, reader, listen, describe }: EventLogDeps) {
  /** The requested partitions, each with the position to start after. */
  function startsOf({ after, partitions }: Pick<ReadRequest, 'after' | 'partitions'>): Position[] {
    const starts = after.map((position) => checkPosition('after', position, partitionCount));
    const wanted = partitions.length > 0 ? partitions : Array.from({ length: partitionCount }, (_, at) => at);
    return wanted.map((partition) => {
      checkPosition('partitions', { partition, sequence: 0 }, partitionCount);
      return starts.find((start) => start.partition === partition) ?? { partition, sequence: 0 };
    });
  }

  /** The matching events of one partition up to its watermark, in chunks of one message. */
  async function* readPartition(query: Omit<MatchQuery, 'through'>): AsyncGenerator<StoredEvent[]> {
    const through = await reader.watermark(query.after.partition);
    let events: StoredEvent[] = [];
    for await (const stored of reader.matching({ ...query, through })) {
      events.push(stored);
      if (events.length < EVENTS_PER_MESSAGE) continue;
      yield events;
      events = [];
    }
    if (events.length > 0) yield events;
  }

  async function* read(request: ReadRequest): AsyncGenerator<ReadResponse> {
    let left = request.limit === 0 ? Number.POSITIVE_INFINITY : request.limit;
    for (const start of startsOf(request)) {
      const query = { ...filterOf(request), after: lastEventOf(start), limit: left };
      for await (const events of readPartition(query)) {
        left -= events.length;
        yield { events: events.map(toWire) };
      }
    }
  }

  async function* follow(start: Position, signal: AbortSignal): AsyncGenerator<SubscribeResponse> {
    const { partition } = start;
    const last = lastEventOf(start);
    const after = start.index === undefined ? start.sequence : start.sequence - 1;
    for await (const { events, through } of subscribe({
      reader,
      listen,
      partition,
      after,
      signal,
      maxBufferedBytes: MAX_BUFFERED_BYTES,
    })) {
      const newer = events.filter(({ position }) => isAfter(position, last)).map(toWire);
      yield { events: newer, position: { partition, sequence: through } };
    }
  }

  return grpcService(EventLogService, {
    describe: unary(async () => ({ partitions: [...(await describe())] })),
    // Without a server-side deadline: the caller sets the pace, and a long log may take hours.
    read: serverStream((request) => read(request), { stays: true }),
    subscribe: serverStream(
      (request: SubscribeRequest, { signal }) =>
        mergeAsync(startsOf(request).map((start) => follow(start, signal))),
      { stays: true },
    ),
  });
}

function filterOf({ types, subject }: ReadRequest): Pick<MatchQuery, 'types' | 'subject'> {
  return { types, ...(subject === '' ? {} : { subject }) };
}

function isAfter({ sequence, index }: EventPosition, other: EventPosition): boolean {
  return sequence > other.sequence || (sequence === other.sequence && index > other.index);
}

/** The last event of a position. The position of a whole envelope includes all its events. */
function lastEventOf({ partition, sequence, index }: Position): EventPosition {
  const end = endOfEnvelope(partition, sequence);
  return { ...end, index: index ?? end.index };
}

/** Stored events are never rewritten. They are sent in the newest version of their type. */
function toWire({ position, event }: StoredEvent): LoggedEvent {
  const isNewest = NEWEST_VERSIONS.get(event.type) === event.version;
  return { position, event: isNewest ? event : { ...event, ...encodePayload(decodeEvent(event)) } };
}
