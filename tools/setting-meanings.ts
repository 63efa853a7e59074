/** What a setting is for, and its default in words where that is not the same everywhere. */
export interface Meaning {
  readonly what: string;
  readonly fallback?: string;
}

const LISTENED = 'the address to listen on for';

/** By name; a setting without a meaning fails the generation of docs/configuration.md. */
export const MEANINGS: Readonly<Record<string, Meaning>> = {
  ODO_GRPC_HOST: { what: `${LISTENED} calls; loopback unless opened` },
  ODO_GRPC_PORT: { what: 'the port for calls; 0 takes a free one, and the ready line names it' },
  ODO_METRICS_HOST: { what: `${LISTENED} scrapes of \`/metrics\`` },
  ODO_METRICS_PORT: { what: 'the port for scrapes; 0 takes a free one' },
  ODO_LOG_LEVEL: { what: 'the least that is logged' },
  ODO_DRAIN_MS: { what: 'how long an orderly end may take before what is left is cut off' },
  ODO_NATS_URL: { what: 'the NATS server with JetStream' },
  ODO_MONGO_URL: { what: 'the MongoDB replica set; it is written with majority and journal' },
  ODO_MONGO_DATABASE: { what: 'the database of the log and the views' },
  ODO_HISTORY_MONGO_MIN_POOL: { what: 'connections to MongoDB that are kept open' },
  ODO_HISTORY_MONGO_MAX_POOL: { what: 'connections to MongoDB at most' },
  ODO_HISTORY_MONGO_WAIT_MS: {
    what: 'how long an operation waits for a free connection before the call is refused with RESOURCE_EXHAUSTED',
  },
  ODO_HISTORY_MONGO_IDLE_MS: { what: 'an unused connection above the minimum is closed after this' },
  ODO_HISTORY_INSTANCE: {
    what: 'names this process among those that could append: the owner that `odograph doctor` and the lease show',
    fallback: '`<host name>:<process id>`',
  },
  ODO_PARTITIONS: {
    what: 'partitions of the log; fixed when the log is made, history refuses to start with another count',
  },
  ODO_HISTORY_STREAM_MAX_BYTES: {
    what: 'size of each partition’s stream; used when a stream is made, later changes are made in JetStream',
  },
  ODO_HISTORY_STREAM_REPLICAS: {
    what: 'copies of each stream on a NATS cluster; used when a stream is made',
  },
  ODO_HISTORY_STREAM_KEEP_MS: {
    what: 'how long a stream is kept behind the log, so that a restored MongoDB backup can catch up; less is kept where a stream is more than half full',
  },
  ODO_HISTORY_LEASE_MS: {
    what: 'how long the right to append to a partition outlives its owner: the longest standstill after a crash with a replica waiting',
  },
  ODO_HISTORY_FLUSH_MS: { what: 'how often the views are stored; queries do not wait for it' },
  ODO_HISTORY_FLUSH_BYTES: {
    what: 'memory of events not stored yet, a partition, at which they are stored at once; at twice that following pauses',
  },
  ODO_INGEST_MAX_MESSAGE_BYTES: { what: 'size of a message; a larger one is refused' },
  ODO_INGEST_MAX_REPORTS: { what: 'reports a message' },
  ODO_INGEST_MAX_SAMPLES: { what: 'samples a report' },
  ODO_INGEST_FUTURE_TOLERANCE_MS: {
    what: 'how far ahead of our clock a vehicle’s may be before its sample is quarantined',
  },
  ODO_INGEST_WINDOW_BATCHES: {
    what: 'batches a connection may have under way; further ones are not read yet',
  },
  ODO_INGEST_DEADLINE_MS: { what: 'how long a batch, or a call without a deadline of its own, may take' },
  ODO_INGEST_MAX_STREAMS: { what: 'connections a client' },
  ODO_INGEST_MAX_REPORTS_PER_SECOND: { what: 'reports a second a client' },
  ODO_INGEST_ENVELOPE_EVENTS: { what: 'events an envelope' },
  ODO_INGEST_ENVELOPE_BYTES: { what: 'size of an envelope' },
  ODO_INGEST_ENVELOPE_AGE_MS: { what: 'how long an envelope waits for company' },
  ODO_INGEST_ACK_TIMEOUT_MS: { what: 'how long JetStream may take before the same bytes are sent again' },
  ODO_INGEST_RETRY_MIN_MS: {
    what: 'the first wait between attempts to store an envelope; each is twice the last',
  },
  ODO_INGEST_RETRY_MAX_MS: { what: 'the longest of these waits' },
  ODO_INGEST_MAX_QUEUED_BYTES: { what: 'what may wait for disk, a partition; above, reports are refused' },
  ODO_INGEST_STREAM_FULL_PCT: {
    what: 'of a stream’s size, from which telemetry is refused, so that decisions still get in',
  },
  ODO_INGEST_MIN_FREE_DISK_PCT: { what: 'of the log’s disk left free, below which telemetry is refused' },
};
