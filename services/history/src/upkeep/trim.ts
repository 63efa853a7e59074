import type { JetStreamManager } from '@nats-io/jetstream';
import type { LogReader } from '@odograph/event-log/log-reader';
import { streamName } from '@odograph/event-log/nats-subjects';
import { type Clock, pause } from '@odograph/kernel/clock';
import type { Logger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import type { WriterMetrics } from '../log/metrics.ts';
import { lookAtStream, type StreamFacts } from '../log/streams.ts';

interface TrimSettings {
  /** How long an envelope stays in its stream, in milliseconds, so that a restored MongoDB backup can catch up. */
  readonly keepMs: number;
  /** Share of the stream's maximum bytes above which it keeps less than that. */
  readonly bytesRatio: number;
  /** Share of them up to which it stays as it is. */
  readonly idleRatio: number;
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
/** A stream that fills would refuse reports before the next look: a small one fills within seconds. */
const FILLING_INTERVAL_MS = 2_000;
const BYTES_RATIO = 0.5;
/** Share of the stream's maximum bytes above which it is looked at more often. */
const FILLING_RATIO = 0.25;
/** In between, it is trimmed only above this: many small removals would cost JetStream more than one a minute. */
const URGENT_RATIO = 0.6;

/** Trims the streams of the partitions that this process owns once a minute, and at once if they become full in between. */
export function startTrimming(deps: TrimmingDeps): { stop(): void } {
  const { partitionCount, manager, reader, keepMs, clock, metrics, logger } = deps;

  const troubles = Array.from(
    { length: partitionCount },
    (_, partition) =>
      new Trouble({ logger, message: 'trimming the stream is tried again', fields: { partition } }),
  );

  /** Returns whether the stream fills; undefined if it failed. */
  async function trim(partition: number, idleRatio: number): Promise<boolean | undefined> {
    try {
      const watermark = await reader.watermark(partition);
      const settings = { keepMs, bytesRatio: BYTES_RATIO, idleRatio, nowMs: clock.now() };
      const { isFilling } = await trimStream(manager, partition, watermark, settings);
      troubles[partition]?.succeeded();
      return isFilling;
    } catch (error) {
      metrics.retried(partition);
      troubles[partition]?.failed(error);
      return undefined;
    }
  }

  const stopping = new AbortController();

  async function keepTrimmed(partition: number): Promise<void> {
    let dueAtMs = 0;
    /** Returns whether to look again soon: the stream fills, that cannot be seen, or another process owns it. */
    const look = async () => {
      if (!deps.isOwner(partition)) return true;
      const isDue = performance.now() >= dueAtMs;
      const isFilling = await trim(partition, isDue ? 0 : URGENT_RATIO);
      if (isDue && isFilling !== undefined) dueAtMs = performance.now() + INTERVAL_MS;
      return isFilling ?? true;
    };
    for (let isSoon = true; ; isSoon = await look()) {
      await pause(isSoon ? FILLING_INTERVAL_MS : INTERVAL_MS, stopping.signal);
      if (stopping.signal.aborted) return;
    }
  }

  for (let partition = 0; partition < partitionCount; partition += 1) void keepTrimmed(partition);
  return { stop: () => stopping.abort() };
}

interface Trimmed {
  /** The first sequence that is kept; 0 without a stream. */
  readonly firstKept: number;
  /** Whether it was over a quarter full, and so may be full soon. */
  readonly isFilling: boolean;
}

/**
 * Removes envelopes that are older than the stream must keep them, and more if it is short of bytes, but never the
 * watermark's envelope or one above it.
 */
export async function trimStream(
  manager: JetStreamManager,
  partition: number,
  watermark: number,
  { nowMs, ...settings }: TrimSettings & { readonly nowMs: number },
): Promise<Trimmed> {
  const stream = await lookAtStream(manager, partition);
  if (!stream || stream.lastSequence < stream.firstSequence)
    return { firstKept: stream?.firstSequence ?? 0, isFilling: false };
  const isFilling = stream.maxBytes > 0 && stream.bytes > stream.maxBytes * FILLING_RATIO;
  if (stream.bytes <= stream.maxBytes * settings.idleRatio)
    return { firstKept: stream.firstSequence, isFilling };
  const youngSince = { start_time: new Date(nowMs - settings.keepMs) };
  const young = await manager.direct.getMessage(streamName(partition), youngSince);
  const within = firstWithin(stream, settings.bytesRatio);
  const wanted = Math.max(young?.seq ?? stream.lastSequence, within);
  const keepFrom = Math.min(wanted, watermark);
  if (keepFrom <= stream.firstSequence) return { firstKept: stream.firstSequence, isFilling };
  await manager.streams.purge(streamName(partition), { seq: keepFrom });
  return { firstKept: keepFrom, isFilling };
}

/** The first sequence to keep so that the stream falls to the ratio of its bytes, assuming envelopes of equal size. */
function firstWithin({ bytes, maxBytes, firstSequence, lastSequence }: StreamFacts, ratio: number): number {
  const allowed = maxBytes * ratio;
  if (maxBytes <= 0 || bytes <= allowed) return firstSequence;
  return Math.ceil(firstSequence + (lastSequence - firstSequence + 1) * (1 - allowed / bytes));
}
