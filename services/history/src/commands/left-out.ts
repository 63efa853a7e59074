import { sentEvents } from '@odograph/event-log/committed-envelope';
import type { EventPosition } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { MongoLogReader } from '../log/mongo-log-reader.ts';

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
