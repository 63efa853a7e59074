import { MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import { DEFAULT_MIN_FREE_DISK_PCT } from '@odograph/kernel/defaults';
import type { ConfigOf } from '@odograph/platform/config/config';
import { bytes, ms, natsSettings, percent, serviceSettings, whole } from '@odograph/platform/config/setting';

/** How many batches of one connection may be open at the same time. */
export const WINDOW_BATCHES = 8;

/**
 * A message may exceed its limit by this factor and still get our refusal, which says what to do and lets a connection go on.
 * gRPC itself refuses a larger one, and ends the connection.
 */
export const MESSAGE_HEADROOM = 4;

/** Of reports that are refused one by one. */
export const NOT_TAKEN =
  'the report is UNAVAILABLE with a delay; RESOURCE_EXHAUSTED if no report of a call is taken';

/** What a message, a report and a client may contain or do. */
const limits = {
  maxBytes: bytes('ODO_INGEST_MAX_MESSAGE_BYTES', 1_000_000, {
    ...{ min: 1_000, max: 4_000_000 },
    limit: { of: 'message', above: 'RESOURCE_EXHAUSTED: split it' },
    meaning: 'size of a message',
  }),
  // With more than 10,000 reports, the answer exceeds the 4 MiB that gRPC clients accept.
  maxReports: whole('ODO_INGEST_MAX_REPORTS', 5_000, {
    ...{ min: 1, max: 10_000 },
    limit: { of: 'message', above: 'INVALID_ARGUMENT: split it' },
    meaning: 'reports in a message',
  }),
  // With more than 1,000 samples, the event of a report with a wrong signal in each sample exceeds an envelope.
  maxSamples: whole('ODO_INGEST_MAX_SAMPLES', 1_000, {
    ...{ min: 1, max: 1_000 },
    limit: { of: 'report', above: 'the report is rejected: split it' },
    meaning: 'samples in a report',
  }),
  futureToleranceMs: ms('ODO_INGEST_FUTURE_TOLERANCE_MS', 300_000, {
    meaning: 'how far the clock of a vehicle may be ahead of ours; a sample further ahead is quarantined',
  }),
  batchDeadlineMs: ms('ODO_INGEST_DEADLINE_MS', 30_000, {
    min: 100,
    limit: { of: 'call', above: 'DEADLINE_EXCEEDED; the reports may be stored' },
    meaning: 'how long a batch, or a call without its own deadline, may take',
  }),
  maxConnections: whole('ODO_INGEST_MAX_CONNECTIONS', 100, {
    min: 1,
    limit: { of: 'client', above: 'RESOURCE_EXHAUSTED with a delay' },
    meaning: 'connections of one client',
    formerName: 'ODO_INGEST_MAX_STREAMS',
  }),
  reportsPerSecond: whole('ODO_INGEST_MAX_REPORTS_PER_SECOND', 20_000, {
    min: 1,
    limit: { of: 'client', above: 'RESOURCE_EXHAUSTED with a delay' },
    meaning:
      'reports of one client in a second, half of them at once; a report counts as one for each KiB that it begins',
  }),
  windowsPerSecond: whole('ODO_INGEST_MAX_WINDOWS_PER_SECOND', 250, {
    min: 1,
    limit: { of: 'client', above: NOT_TAKEN },
    meaning:
      'windows of two hours over which the reports of one client may spread in a second, beyond the first 8 of each report',
  }),
  vehiclesPerSecond: whole('ODO_INGEST_MAX_VEHICLES_PER_SECOND', 2_000, {
    min: 1,
    limit: { of: 'client', above: NOT_TAKEN },
    meaning:
      'vehicles of a client in a second, those of 15 s at once; each counts again after 15 s and in each two hours, and 50 samples as one',
  }),
  // The largest batch that the other settings allow holds 10.4 MB, and must fit into half.
  maxWorkBytes: bytes('ODO_INGEST_MAX_WORK_BYTES', 128 * 1024 * 1024, {
    min: 32 * 1024 * 1024,
    limit: { of: 'process', above: 'RESOURCE_EXHAUSTED with a delay' },
    meaning:
      'memory for batches from their arrival to their acknowledgement; a client may hold as much as is free, alone half',
  }),
};

/** How events are stored. */
const publisher = {
  envelopeEvents: whole('ODO_INGEST_ENVELOPE_EVENTS', MAX_ENVELOPE_EVENTS, {
    ...{ min: 1, max: MAX_ENVELOPE_EVENTS },
    limit: { of: 'process', above: 'another envelope follows' },
    meaning: 'events in an envelope',
  }),
  ackTimeoutMs: ms('ODO_INGEST_ACK_TIMEOUT_MS', 5_000, {
    min: 100,
    meaning: 'how long JetStream may take to acknowledge an envelope; then the same bytes are sent again',
  }),
};

/** When telemetry is refused, so that there is still room for decisions. */
const room = {
  fullPct: percent('ODO_INGEST_STREAM_FULL_PCT', 90, {
    min: 1,
    limit: {
      of: 'process',
      above: NOT_TAKEN,
    },
    meaning: 'how full a stream may be for telemetry; decisions are still accepted',
  }),
  minFreeDiskPct: percent('ODO_INGEST_MIN_FREE_DISK_PCT', DEFAULT_MIN_FREE_DISK_PCT, {
    max: 99,
    limit: { of: 'process', below: NOT_TAKEN },
    meaning: 'how much of the disk of the log must be free for telemetry; decisions are still accepted',
  }),
};

export const settings = { ...serviceSettings, nats: natsSettings, limits, publisher, room } as const;

export type IngestConfig = ConfigOf<typeof settings>;
