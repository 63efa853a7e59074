import type { JetStreamManager } from '@nats-io/jetstream';
import { streamName } from '@odograph/event-log/nats-subjects';
import { lookAtStream, type StreamFacts } from '../log/streams.ts';

export interface TrimSettings {
  /** How long a stream is kept behind the log, in milliseconds, so that a restored MongoDB backup can catch up. */
  readonly keepMs: number;
  /** Share of a stream's bytes above which less is kept than that. */
  readonly bytesRatio: number;
}

/**
 * Trims a stream behind the log: what is older than it has to be kept, and more where bytes are short, but never
 * the watermark's envelope or what lies above it. Gives how far it was trimmed: the first sequence that is kept.
 */
export async function trimStream(
  manager: JetStreamManager,
  partition: number,
  watermark: number,
  { nowMs, ...settings }: TrimSettings & { readonly nowMs: number },
): Promise<number> {
  const stream = await lookAtStream(manager, partition);
  if (!stream || stream.lastSequence < stream.firstSequence) return stream?.firstSequence ?? 0;
  const young = await manager.direct
    .getMessage(streamName(partition), { start_time: new Date(nowMs - settings.keepMs) })
    .catch(noneIsNull);
  const wanted = Math.max(young?.seq ?? stream.lastSequence, firstWithin(stream, settings.bytesRatio));
  const keepFrom = Math.min(wanted, watermark);
  if (keepFrom <= stream.firstSequence) return stream.firstSequence;
  await manager.streams.purge(streamName(partition), { seq: keepFrom });
  return keepFrom;
}

/** The first sequence to keep for the stream to fall to the ratio of its bytes, taking envelopes for equally long. */
function firstWithin({ bytes, maxBytes, firstSequence, lastSequence }: StreamFacts, ratio: number): number {
  const allowed = maxBytes * ratio;
  if (maxBytes <= 0 || bytes <= allowed) return firstSequence;
  return Math.ceil(firstSequence + (lastSequence - firstSequence + 1) * (1 - allowed / bytes));
}

/** Nothing is as young as asked for. */
function noneIsNull(error: unknown): null {
  if (error instanceof Error && error.name === 'JetStreamApiError' && /no message found/i.test(error.message))
    return null;
  if (error instanceof Error && /message not found/i.test(error.message)) return null;
  throw error;
}
