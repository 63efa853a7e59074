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

/** Events sent in one message, at most. */
const EVENTS_A_MESSAGE = 500;

/** Kept for a slow subscriber, a partition; there may be many of them. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

export interface EventLogParts {
  readonly partitionCount: number;
  readonly reader: MongoLogReader;
  readonly listen: LogListener;
  readonly describe: () => Promise<readonly PartitionInfo[]>;
}

export function eventLogService({ partitionCount, reader, listen, describe }: EventLogParts) {
  /** The partitions asked for, each with where to begin. */
  function startsOf({ after, partitions }: Pick<ReadRequest, 'after' | 'partitions'>): Position[] {
    const starts = after.map((position) => checkPosition('after', position, partitionCount));
    const wanted = partitions.length > 0 ? partitions : Array.from({ length: partitionCount }, (_, at) => at);
    return wanted.map((partition) => {
      checkPosition('partitions', { partition, sequence: 0 }, partitionCount);
      return starts.find((start) => start.partition === partition) ?? { partition, sequence: 0 };
    });
  }

  /** What matches of one partition, as far as it has come now, in messages of at most so many events. */
  async function* readPartition(query: Omit<MatchQuery, 'through'>): AsyncGenerator<StoredEvent[]> {
    const through = await reader.watermark(query.after.partition);
    let { after, limit: left } = query;
    while (left > 0) {
      const limit = Math.min(left, EVENTS_A_MESSAGE);
      const events = await reader.readMatching({ ...query, after, through, limit });
      if (events.length > 0) yield [...events];
      left = events.length < limit ? 0 : left - events.length;
      after = events.at(-1)?.position ?? after;
    }
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
    const begin = lastEventOf(start);
    const after = start.index === undefined ? start.sequence : start.sequence - 1;
    for await (const { events, through } of subscribe({
      reader,
      listen,
      partition,
      after,
      signal,
      maxBufferedBytes: MAX_BUFFERED_BYTES,
    })) {
      const news = events.filter(({ position }) => isAfter(position, begin)).map(toWire);
      yield { events: news, position: { partition, sequence: through } };
    }
  }

  return grpcService(EventLogService, {
    describe: unary(async () => ({ partitions: [...(await describe())] })),
    // Without a deadline of ours: a long log takes as long as it takes, and its reader sets the pace.
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

function isAfter({ sequence, index }: StoredEvent['position'], begin: StoredEvent['position']): boolean {
  return sequence > begin.sequence || (sequence === begin.sequence && index > begin.index);
}

/** The last event that a position stands for: a whole envelope ends behind all its events. */
function lastEventOf({ partition, sequence, index }: Position): EventPosition {
  const end = endOfEnvelope(partition, sequence);
  return { ...end, index: index ?? end.index };
}

/** Stored events are never rewritten; they are told in the newest version of their type. */
function toWire({ position, event }: StoredEvent): LoggedEvent {
  const isNewest = NEWEST_VERSIONS.get(event.type) === event.version;
  return { position, event: isNewest ? event : { ...event, ...encodePayload(decodeEvent(event)) } };
}
