import { encodeEvent } from '@odograph/contracts/event-catalogue';
import { sentEvents } from '@odograph/event-log/committed-envelope';
import type { EventPublisher } from '@odograph/event-log/publisher';
import { invariant, isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { EventPosition } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { MongoLogReader } from '../log/mongo-log-reader.ts';

/** What a command knows about its caller. */
export interface CommandCall {
  /** Unix time in milliseconds until which the event must be appended. */
  readonly deadlineAtMs: number;
  /** Aborted when the caller stops waiting. */
  readonly signal: AbortSignal;
  /** The W3C trace context of the caller; empty if there is none. */
  readonly traceparent: string;
}

export interface AppendDeps {
  readonly partitionCount: number;
  readonly publisher: Pick<EventPublisher, 'appendAll'>;
}

/** Appends an event of a vehicle, and gives its position. Throws the fault of an append that is not confirmed. */
export async function appendEvent(
  { partitionCount, publisher }: AppendDeps,
  event: VehicleEvent,
  { deadlineAtMs, traceparent }: CommandCall,
): Promise<EventPosition> {
  const partition = partitionOf(event.subject, partitionCount);
  const encoded = encodeEvent(event, { traceparent });
  const [position] = await publisher.appendAll([[encoded]], { deadlineAtMs, partition });
  invariant(position, 'one append has one result');
  if (isFault(position)) throw position;
  return position;
}

/**
 * Why readers do not see an event that was appended at a position: the log has its key, or its version of an aggregate.
 * Undefined if they see it, or if the log has another event there or none, as after a repair of the stream.
 */
export async function whyLeftOut(
  log: Pick<MongoLogReader, 'readEnvelopes'>,
  { subject, reportId }: Pick<VehicleEvent, 'subject' | 'reportId'>,
  { partition, sequence, index }: EventPosition,
): Promise<'duplicate' | 'superseded' | undefined> {
  const [envelope] = await log.readEnvelopes(partition, [sequence]);
  const kind = envelope?.fates.find((fate) => fate.index === index)?.kind;
  if (!envelope || (kind !== 'duplicate' && kind !== 'superseded')) return undefined;
  // An envelope of which readers see nothing is stored without its events.
  if (envelope.bytes.length === 0) return kind;
  const event = sentEvents(envelope)[index]?.event;
  return event?.subject === subject && event.reportId === reportId ? kind : undefined;
}
