// Defaults of settings that more than one program needs to know.

/** Partitions of a new log. */
export const DEFAULT_PARTITIONS = 2;
/** Below this share of free disk of the log, in percent, telemetry-ingest refuses telemetry. */
export const DEFAULT_MIN_FREE_DISK_PCT = 10;
