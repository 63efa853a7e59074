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
import type { LogStretch, StoredEvent } from '@odograph/event-log/log-reader';
import { type LogListener, subscribe } from '@odograph/event-log/subscribe';
import { isLogSubjectId, logSubjectId } from '@odograph/event-log/substitute-events';
import { pause } from '@odograph/kernel/clock';
import { Fault, isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { type EventPosition, endOfEnvelope, formatPosition, type Position } from '@odograph/kernel/position';
import { isVehicleId, VEHICLE_ID_RULE } from '@odograph/kernel/vehicle-id';
import { MAX_ANSWER_BYTES } from '@odograph/platform/grpc/answer-bytes';
import { type CallContext, grpcService, serverStream, unary } from '@odograph/platform/grpc/handler';
import { createQuota } from '@odograph/platform/grpc/quota';
import { checkAtLeastOfEach, checkPosition, invalid } from '@odograph/platform/grpc/request-checks';
import { createTurns } from '@odograph/platform/turns';
import type { MatchQuery, MongoLogReader } from '../log/mongo-log-reader.ts';
import { mergeAsync } from './merge-async.ts';

/** The most events in one message. */
export const MAX_MESSAGE_EVENTS = 500;
/** The most types that a request may name. There are fewer event types. */
export const MAX_TYPES = 32;

/** How long a request waits for a position that the log does not have yet, and how often it looks. */
export const MAX_WAIT_MS = 10_000;
const POLL_MS = 200;
/** How long a subscription goes on after a failed read. Its caller hears nothing meanwhile; a read may take 12 s to fail. */
export const MAX_FAILING_MS = 10_000;

/** Events kept for a slow subscriber, for each partition. It is small because there may be many subscribers. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;

interface EventLogDeps {
  readonly partitionCount: number;
  readonly reader: MongoLogReader;
  readonly listen: LogListener;
  readonly describe: () => Promise<readonly PartitionInfo[]>;
  readonly setMessageAside: (message: Position) => Promise<void>;
  readonly limits: EventLogLimits;
}

/** Of one client; all clients together may have four times as many. */
export interface EventLogLimits {
  readonly maxSubscriptions: number;
  readonly maxReads: number;
}

/** One of many clients is not to have everything. */
export const CLIENTS_AT_FULL = 4;

export function eventLogService(deps: EventLogDeps) {
  const { partitionCount, reader, listen, describe, limits } = deps;
  const quotaOf = (name: string, perClient: number) =>
    createQuota({ name, perClient, inAll: CLIENTS_AT_FULL * perClient });
  const reads = quotaOf('reads of the log', limits.maxReads);
  const subscriptions = quotaOf('subscriptions to the log', limits.maxSubscriptions);

  async function* read(request: ReadRequest, { signal, client }: CallContext): AsyncGenerator<ReadResponse> {
    using _read = reads.open(client);
    const filter = filterOf(request);
    const starts = startsOf(request, partitionCount);
    for (const position of checkAtLeastOfEach(request.atLeast, partitionCount))
      await untilInLog(reader, position, signal);
    let left = request.limit === 0 ? Number.POSITIVE_INFINITY : request.limit;
    for (const start of starts) {
      if (left === 0) return;
      if (!mayHave(start.partition, request.subject, partitionCount)) continue;
      await untilInLog(reader, start, signal);
      const through = await reader.watermark(start.partition);
      const query = { ...filter, after: lastEventOf(start), through, limit: left, signal };
      for await (const events of inMessages(reader.matching(query))) {
        left -= events.length;
        yield { events };
      }
    }
  }

  async function* subscribeTo(
    request: SubscribeRequest,
    { signal, client }: CallContext,
  ): AsyncGenerator<SubscribeResponse> {
    using _subscription = subscriptions.open(client);
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const room = roomForOne();
    try {
      yield* mergeAsync(startsOf(request, partitionCount).map((start) => follow(start, either, room)));
    } finally {
      // If one partition fails, the followers of the others wait for what is new.
      ending.abort();
    }
  }

  async function* follow(
    start: Position,
    signal: AbortSignal,
    room: RoomForStretch,
  ): AsyncGenerator<SubscribeResponse> {
    await untilInLog(reader, start, signal);
    const { partition } = start;
    const after = start.index === undefined ? start.sequence : Math.max(0, start.sequence - 1);
    const onTrouble = throwIfLasting;
    const options = {
      reader,
      listen,
      partition,
      after,
      signal,
      maxBufferedBytes: MAX_BUFFERED_BYTES,
      room,
      onTrouble,
    };
    await using stretches = subscribe(options);
    while (yield* nextMessages(stretches, lastEventOf(start)));
  }

  return grpcService(EventLogService, {
    describe: unary(async () => ({ partitions: [...(await describe())], nowMs: Date.now() })),
    // Without a server-side deadline: the caller sets the pace, and a long log may take hours.
    read: serverStream(read, { stays: true }),
    subscribe: serverStream(subscribeTo, { stays: true }),
    setAsideMessage: unary(async ({ position }) => {
      if (!position?.sequence)
        throw invalid('position', 'REQUIRED', 'must be that of a message, such as 0/1234');
      await deps.setMessageAside(checkPosition('position', position, partitionCount));
      return {};
    }),
  });
}

/** Waits until a subscription may have a stretch in memory, which it gives back when it is sent. */
type RoomForStretch = () => Promise<Disposable>;

/** Room for one stretch at a time, in the order of the requests. */
function roomForOne(): RoomForStretch {
  const inTurn = createTurns();
  return () => {
    const { promise, resolve } = Promise.withResolvers<Disposable>();
    const hold = () => new Promise<void>((release) => resolve({ [Symbol.dispose]: release }));
    void inTurn('stretch', hold);
    return promise;
  };
}

/** The messages of the next stretch. It is a generator of its own that ends, because one that waits keeps what it had last. */
async function* nextMessages(
  stretches: AsyncGenerator<LogStretch, void>,
  last: EventPosition,
): AsyncGenerator<SubscribeResponse, boolean> {
  const { value: stretch } = await stretches.next();
  if (!stretch) return false;
  const { events, through } = stretch;
  const newer = events.filter(({ position }) => isAfter(position, last));
  let message: LoggedEvent[] = [];
  for await (const next of inMessages(newer)) {
    if (message.length > 0) yield { events: message, position: message.at(-1)?.position };
    message = next;
  }
  yield { events: message, position: { partition: last.partition, sequence: through } };
  return true;
}

/** Waits until the log has a position, which may be that of a report which was acknowledged just now. */
async function untilInLog(
  reader: Pick<MongoLogReader, 'watermark'>,
  { partition, sequence }: Position,
  signal: AbortSignal,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const watermark = await reader.watermark(partition);
    if (watermark >= sequence) return;
    signal.throwIfAborted();
    if (waitedMs >= MAX_WAIT_MS) throw beyondLog({ partition, sequence }, watermark);
    await pause(POLL_MS, signal);
  }
}

/** Ends a subscription with the reason if its caller would wait long: a corrupt log stays as it is. */
function throwIfLasting(error: unknown, failingMs: number): void {
  if (isFault(error, 'CORRUPT_LOG') || failingMs >= MAX_FAILING_MS) throw error;
}

/** The requested partitions, each once, with the position to start after. */
function startsOf(
  { after, partitions }: Pick<ReadRequest, 'after' | 'partitions'>,
  partitionCount: number,
): Position[] {
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
function mayHave(partition: number, subject: string, partitionCount: number): boolean {
  if (subject === '' || subject === logSubjectId(partition)) return true;
  return partitionOf(subject, partitionCount) === partition;
}

/** Throws a Fault INVALID_INPUT for names that no event has. */
function filterOf({ types, subject }: ReadRequest): Pick<MatchQuery, 'types' | 'subject'> {
  if (types.length > MAX_TYPES)
    throw invalid('types', 'TOO_MANY_TYPES', `has ${types.length} names, but must have at most ${MAX_TYPES}`);
  const unknown = types.findIndex((type) => !NEWEST_VERSIONS.has(type));
  if (unknown >= 0) {
    const known = [...NEWEST_VERSIONS.keys()].join(', ');
    throw invalid(`types[${unknown}]`, 'UNKNOWN_TYPE', `is none of the event types: ${known}`);
  }
  if (subject !== '' && !isVehicleId(subject) && !isLogSubjectId(subject))
    throw invalid('subject', 'INVALID_SUBJECT', `must be a vehicle id, ${VEHICLE_ID_RULE}, or log/PARTITION`);
  return { types, ...(subject === '' ? {} : { subject }) };
}

function beyondLog(position: Position, watermark: number): Fault {
  const end = formatPosition({ partition: position.partition, sequence: watermark });
  const message =
    `the log ends at ${end}, before ${formatPosition(position)}: if it lags, ask again; ` +
    'if it was restored, begin again from a position that it has';
  return new Fault('OUT_OF_RANGE', message);
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
    if (message.length === MAX_MESSAGE_EVENTS || (message.length > 0 && bytes + size > MAX_ANSWER_BYTES)) {
      yield message;
      [message, bytes] = [[], 0];
    }
    message.push(logged);
    bytes += size;
  }
  if (message.length > 0) yield message;
}

/** The bytes of an event on the wire, or a few more: the texts that callers give are ASCII. */
function sizeOf({ payload, reportId, subject, traceparent }: Event): number {
  return 200 + payload.length + reportId.length + subject.length + traceparent.length;
}

/** Stored events are never rewritten. They are sent in the newest version of their type, or as they are if that cannot be. */
function toWire(stored: StoredEvent): LoggedEvent & { readonly event: Event } {
  const { position, event } = stored;
  const isNewest = NEWEST_VERSIONS.get(event.type) === event.version;
  return { position, event: isNewest ? event : inNewestVersion(event) };
}

function inNewestVersion(event: Event): Event {
  try {
    return { ...event, ...encodePayload(decodeEvent(event)) };
  } catch (error) {
    if (isFault(error)) return event;
    throw error;
  }
}
