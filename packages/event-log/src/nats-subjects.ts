/** The JetStream stream that buffers a partition between ingest and the log. */
export const streamName = (partition: number): string => `EVENTS-${partition}`;

/** The subject on which the envelopes of a partition are published. */
export const streamSubject = (partition: number): string => `events.${partition}`;

/** The subject of a stream during its repair: only the repair publishes on it. */
export const repairSubject = (partition: number): string => `repair.${partition}`;

/** The plain NATS subject of the broadcasts about a partition. */
export const logSubject = (partition: number): string => `log.${partition}`;

/** The key of the stream metadata that has the number of partitions. */
export const PARTITION_COUNT_KEY = 'odograph.partitions';

/** The subjects on which a user of NATS gets the answers to its requests. Without its own, it could read those of others. */
export const inboxPrefixOf = (user: string): string => `_INBOX.${user.replaceAll(/[^\w-]/g, '_')}`;
