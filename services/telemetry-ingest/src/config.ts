import { MAX_ENVELOPE_BYTES, MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import { DEFAULT_PUBLISHER_OPTIONS } from '@odograph/event-log/publisher-options';
import type { ConfigOf } from '@odograph/platform/config/config';
import { bytes, ms, natsSettings, serviceSettings, whole } from '@odograph/platform/config/setting';
import { DEFAULT_DOOR_LIMITS } from './door/door.ts';

/** What a message, a report and a client may be; see {@link DEFAULT_DOOR_LIMITS}. */
const limits = {
  maxBytes: bytes('ODO_INGEST_MAX_MESSAGE_BYTES', DEFAULT_DOOR_LIMITS.maxBytes, {
    min: 1_000,
    max: 4_000_000,
  }),
  // No more: the answer has to stay below the 4 MiB that gRPC clients take.
  maxReports: whole('ODO_INGEST_MAX_REPORTS', DEFAULT_DOOR_LIMITS.maxReports, { min: 1, max: 10_000 }),
  // No more: the event of a report with a bad signal in each of its samples has to fit an envelope.
  maxSamples: whole('ODO_INGEST_MAX_SAMPLES', DEFAULT_DOOR_LIMITS.maxSamples, { min: 1, max: 1_000 }),
  futureToleranceMs: ms('ODO_INGEST_FUTURE_TOLERANCE_MS', DEFAULT_DOOR_LIMITS.futureToleranceMs),
  windowBatches: whole('ODO_INGEST_WINDOW_BATCHES', DEFAULT_DOOR_LIMITS.windowBatches, { min: 1, max: 64 }),
  batchDeadlineMs: ms('ODO_INGEST_DEADLINE_MS', DEFAULT_DOOR_LIMITS.batchDeadlineMs, { min: 100 }),
  maxStreams: whole('ODO_INGEST_MAX_STREAMS', DEFAULT_DOOR_LIMITS.maxStreams, { min: 1 }),
  reportsPerSecond: whole('ODO_INGEST_MAX_REPORTS_PER_SECOND', DEFAULT_DOOR_LIMITS.reportsPerSecond, {
    min: 1,
  }),
};

/** How events are put together and on disk; see {@link DEFAULT_PUBLISHER_OPTIONS}. */
const publisher = {
  envelopeEvents: whole('ODO_INGEST_ENVELOPE_EVENTS', MAX_ENVELOPE_EVENTS, {
    min: 1,
    max: MAX_ENVELOPE_EVENTS,
  }),
  envelopeBytes: bytes('ODO_INGEST_ENVELOPE_BYTES', MAX_ENVELOPE_BYTES, {
    min: 1_000,
    max: MAX_ENVELOPE_BYTES,
  }),
  lingerMs: ms('ODO_INGEST_ENVELOPE_AGE_MS', DEFAULT_PUBLISHER_OPTIONS.lingerMs, { max: 1_000 }),
  ackTimeoutMs: ms('ODO_INGEST_ACK_TIMEOUT_MS', DEFAULT_PUBLISHER_OPTIONS.ackTimeoutMs, { min: 100 }),
  retryMinMs: ms('ODO_INGEST_RETRY_MIN_MS', DEFAULT_PUBLISHER_OPTIONS.retryMinMs, { min: 1 }),
  retryMaxMs: ms('ODO_INGEST_RETRY_MAX_MS', DEFAULT_PUBLISHER_OPTIONS.retryMaxMs, { min: 1 }),
  maxQueuedBytes: bytes('ODO_INGEST_MAX_QUEUED_BYTES', DEFAULT_PUBLISHER_OPTIONS.maxQueuedBytes, {
    min: 1024 * 1024,
  }),
};

/** When telemetry is refused, so that what matters more still finds room, in percent. */
const room = {
  fullPct: whole('ODO_INGEST_STREAM_FULL_PCT', 90, { min: 1, max: 100 }),
  minFreeDiskPct: whole('ODO_INGEST_MIN_FREE_DISK_PCT', 10, { max: 99 }),
};

export const ingestSettings = { ...serviceSettings, nats: natsSettings, limits, publisher, room } as const;

export type IngestConfig = ConfigOf<typeof ingestSettings>;
