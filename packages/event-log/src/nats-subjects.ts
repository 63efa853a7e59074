/** The JetStream stream that buffers a partition between the door and the log. */
export const streamName = (partition: number): string => `EVENTS-${partition}`;

/** The subject that the envelopes of a partition are published on. */
export const streamSubject = (partition: number): string => `events.${partition}`;

/** The subject that a stream listens on while it is repaired: nobody but the repair publishes there. */
export const repairSubject = (partition: number): string => `repair.${partition}`;

/** The plain NATS subject on which committed envelopes of a partition are broadcast. */
export const logSubject = (partition: number): string => `log.${partition}`;

/** Stream metadata that names how many partitions the log has. */
export const PARTITION_COUNT_KEY = 'odograph.partitions';
