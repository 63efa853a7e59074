// Defaults of settings that more than one program needs to know.

/** Partitions of a new log. */
export const DEFAULT_PARTITIONS = 2;
/** The most partitions that a log can have. */
export const MAX_PARTITIONS = 64;
/** The size of the stream of each partition, in bytes. */
export const DEFAULT_STREAM_MAX_BYTES = 4 * 1024 ** 3;
/** Below this share of free disk of the log, in percent, telemetry-ingest refuses telemetry. */
export const DEFAULT_MIN_FREE_DISK_PCT = 10;
