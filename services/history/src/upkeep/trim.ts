import type { JetStreamManager } from '@nats-io/jetstream';
import type { LogReader } from '@odograph/event-log/log-reader';
import { streamName } from '@odograph/event-log/nats-subjects';
import type { Clock } from '@odograph/kernel/clock';
import type { Logger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import type { WriterMetrics } from '../log/metrics.ts';
import { lookAtStream, type StreamFacts } from '../log/streams.ts';

interface TrimSettings {
  /** How long an envelope stays in its stream, in milliseconds, so that a restored MongoDB backup can catch up. */
  readonly keepMs: number;
  /** Share of the stream's maximum bytes above which it keeps less than that. */
  readonly bytesRatio: number;
}

interface TrimmingDeps {
  readonly partitionCount: number;
  readonly manager: JetStreamManager;
  readonly reader: Pick<LogReader, 'watermark'>;
  /** Whether this process owns a partition now. */
  readonly isOwner: (partition: number) => boolean;
  readonly keepMs: number;
  readonly clock: Clock;
  readonly metrics: Pick<WriterMetrics, 'retried'>;
  readonly logger: Logger;
}

const INTERVAL_MS = 60_000;
const BYTES_RATIO = 0.5;

/** Trims the streams of the partitions that this process owns, once a minute. */
export function startTrimming(deps: TrimmingDeps): { stop(): void } {
  const { partitionCount, manager, reader, keepMs, clock, metrics, logger } = deps;

  const troubles = Array.from(
    { length: partitionCount },
    (_, partition) =>
      new Trouble({ logger, message: 'trimming the stream is tried again', fields: { partition } }),
  );

  async function trim(partition: number): Promise<void> {
    if (!deps.isOwner(partition)) return;
    try {
      const watermark = await reader.watermark(partition);
      const settings = { keepMs, bytesRatio: BYTES_RATIO, nowMs: clock.now() };
      await trimStream(manager, partition, watermark, settings);
      troubles[partition]?.succeeded();
    } catch (error) {
      metrics.retried(partition);
      troubles[partition]?.failed(error);
    }
  }

  const timer = setInterval(() => {
    for (let partition = 0; partition < partitionCount; partition += 1) void trim(partition);
  }, INTERVAL_MS);
  return { stop: () => clearInterval(timer) };
}

/**
 * Removes envelopes that are older than the stream must keep them, and more if it is short of bytes, but never the
 * watermark's envelope or one above it. Gives the first sequence that is kept.
 */
export async function trimStream(
  manager: JetStreamManager,
  partition: number,
  watermark: number,
  { nowMs, ...settings }: TrimSettings & { readonly nowMs: number },
): Promise<number> {
  const stream = await lookAtStream(manager, partition);
  if (!stream || stream.lastSequence < stream.firstSequence) return stream?.firstSequence ?? 0;
  const youngSince = { start_time: new Date(nowMs - settings.keepMs) };
  const young = await manager.direct.getMessage(streamName(partition), youngSince);
  const wanted = Math.max(young?.seq ?? stream.lastSequence, firstWithin(stream, settings.bytesRatio));
  const keepFrom = Math.min(wanted, watermark);
  if (keepFrom <= stream.firstSequence) return stream.firstSequence;
  await manager.streams.purge(streamName(partition), { seq: keepFrom });
  return keepFrom;
}

/** The first sequence to keep so that the stream falls to the ratio of its bytes, assuming envelopes of equal size. */
function firstWithin({ bytes, maxBytes, firstSequence, lastSequence }: StreamFacts, ratio: number): number {
  const allowed = maxBytes * ratio;
  if (maxBytes <= 0 || bytes <= allowed) return firstSequence;
  return Math.ceil(firstSequence + (lastSequence - firstSequence + 1) * (1 - allowed / bytes));
}
