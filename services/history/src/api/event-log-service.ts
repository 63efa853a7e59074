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
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { type LogListener, subscribe } from '@odograph/event-log/subscribe';
import { logSubjectId } from '@odograph/event-log/substitute-events';
import { partitionOf } from '@odograph/kernel/partition';
import { type EventPosition, endOfEnvelope, type Position } from '@odograph/kernel/position';
import { grpcService, serverStream, unary } from '@odograph/platform/grpc/handler';
import type { MatchQuery, MongoLogReader } from '../log/mongo-log-reader.ts';
import { mergeAsync } from './merge-async.ts';
import { checkPosition, invalid } from './request-checks.ts';

/** The most events in one message. */
const MAX_MESSAGE_EVENTS = 500;
/** The most bytes in one message, unless one event has more: a quarter of what a client receives. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Broadcasts kept for a slow subscriber, for each partition. It is small because there may be many subscribers. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

interface EventLogDeps {
  readonly partitionCount: number;
  readonly reader: MongoLogReader;
  readonly listen: LogListener;
  readonly describe: () => Promise<readonly PartitionInfo[]>;
}

export function eventLogService({ partitionCount, reader, listen, describe }: EventLogDeps) {
  /** The requested partitions, each once, with the position to start after. */
  function startsOf({ after, partitions }: Pick<ReadRequest, 'after' | 'partitions'>): Position[] {
    const starts = new Map<number, Position>();
    for (const position of after) {
      const start = checkPosition('after', position, partitionCount);
      if (starts.has(start.partition))
        throw invalid('after', 'DUPLICATE_PARTITION', `names partition ${start.partition} more than once`);
      starts.set(start.partition, start);
    }
    const wanted = partitions.length > 0 ? new Set(partitions) : Array(partitionCount).keys();
    return Array.from(wanted, (partition) => {
      checkPosition('partitions', { partition, sequence: 0 }, partitionCount);
      return starts.get(partition) ?? { partition, sequence: 0 };
    });
  }

  /** Whether a partition may have events of a subject. Those about the log itself are in the partition that they are about. */
  function mayHave(partition: number, subject: string): boolean {
    if (subject === '' || subject === logSubjectId(partition)) return true;
    return partitionOf(subject, partitionCount) === partition;
  }

  async function* read(request: ReadRequest, signal: AbortSignal): AsyncGenerator<ReadResponse> {
    let left = request.limit === 0 ? Number.POSITIVE_INFINITY : request.limit;
    for (const start of startsOf(request)) {
      if (left === 0) return;
      if (!mayHave(start.partition, request.subject)) continue;
      const through = await reader.watermark(start.partition);
      const query = { ...filterOf(request), after: lastEventOf(start), through, limit: left, signal };
      for await (const events of inMessages(reader.matching(query))) {
        left -= events.length;
        yield { events };
      }
    }
  }

  async function* follow(start: Position, signal: AbortSignal): AsyncGenerator<SubscribeResponse> {
    const { partition } = start;
    const last = lastEventOf(start);
    const after = start.index === undefined ? start.sequence : start.sequence - 1;
    const options = { reader, listen, partition, after, signal, maxBufferedBytes: MAX_BUFFERED_BYTES };
    for await (const { events, through } of subscribe(options)) {
      const newer = events.filter(({ position }) => isAfter(position, last));
      let message: LoggedEvent[] = [];
      for await (const next of inMessages(newer)) {
        if (message.length > 0) yield { events: message, position: message.at(-1)?.position };
        message = next;
      }
      yield { events: message, position: { partition, sequence: through } };
    }
  }

  return grpcService(EventLogService, {
    describe: unary(async () => ({ partitions: [...(await describe())] })),
    // Without a server-side deadline: the caller sets the pace, and a long log may take hours.
    read: serverStream((request, { signal }) => read(request, signal), { stays: true }),
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

/** Events as messages that are neither too long nor too large. */
async function* inMessages(
  events: Iterable<StoredEvent> | AsyncIterable<StoredEvent>,
): AsyncGenerator<LoggedEvent[]> {
  let message: LoggedEvent[] = [];
  let bytes = 0;
  for await (const stored of events) {
    const logged = toWire(stored);
    const size = sizeOf(logged.event);
    if (message.length === MAX_MESSAGE_EVENTS || (message.length > 0 && bytes + size > MAX_MESSAGE_BYTES)) {
      yield message;
      [message, bytes] = [[], 0];
    }
    message.push(logged);
    bytes += size;
  }
  if (message.length > 0) yield message;
}

/** About the bytes of an event on the wire: nearly all are its payload. */
function sizeOf({ payload, reportId, subject }: Event): number {
  return 200 + payload.length + reportId.length + subject.length;
}

/** Stored events are never rewritten. They are sent in the newest version of their type. */
function toWire(stored: StoredEvent): LoggedEvent & { readonly event: Event } {
  const { position, event } = stored;
  const isNewest = NEWEST_VERSIONS.get(event.type) === event.version;
  return { position, event: isNewest ? event : { ...event, ...encodePayload(decodeEvent(event)) } };
}
