import { counter, gauge, latencyHistogram } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';

/** What the log writers count. */
export interface WriterMetrics {
  committed(partition: number, batch: CommittedBatch): void;
  /** Events that were not newer than all others of their subject: their keys were looked up. */
  lookedUp(partition: number, events: number): void;
  /** A step failed and is tried again. */
  retried(partition: number): void;
  halted(partition: number): void;
  resumed(partition: number): void;
}

interface CommittedBatch {
  readonly events: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly superseded: number;
  /** From the storing of the last envelope in JetStream to its commit, in milliseconds. */
  readonly lagMs: number;
}

export function createWriterMetrics(meter: Meter, partitionCount: number): WriterMetrics {
  const events = counter(meter, 'odograph.log.events', '{event}', 'Events that reached the log, by outcome.');
  const batches = counter(meter, 'odograph.log.batches', '{batch}', 'Batches appended to the log.');
  const lookups = counter(
    meter,
    'odograph.log.lookups',
    '{event}',
    'Events that were looked up in the ledger, because they were not newer than all others of their vehicle.',
  );
  const lag = latencyHistogram(
    meter,
    'odograph.log.commit.lag',
    'From the storing of an envelope in JetStream to its commit in the log.',
  );
  const retries = counter(meter, 'odograph.log.retries', '{failure}', 'Failures that were retried.');
  for (let partition = 0; partition < partitionCount; partition += 1) {
    for (const each of [batches, lookups, retries]) each.add(0, { partition });
    for (const outcome of ['committed', 'conflict', 'duplicate', 'superseded'])
      events.add(0, { partition, outcome });
  }
  const halted = new Set<number>();
  gauge(meter, 'odograph.log.halted', '{partition}', 'Partitions halted now.', () => halted.size);
  return {
    committed(partition, batch) {
      batches.add(1, { partition });
      events.add(batch.events - batch.conflicts, { partition, outcome: 'committed' });
      if (batch.conflicts > 0) events.add(batch.conflicts, { partition, outcome: 'conflict' });
      if (batch.duplicates > 0) events.add(batch.duplicates, { partition, outcome: 'duplicate' });
      if (batch.superseded > 0) events.add(batch.superseded, { partition, outcome: 'superseded' });
      lag.record(Math.max(0, batch.lagMs) / 1_000, { partition });
    },
    lookedUp(partition, events) {
      if (events > 0) lookups.add(events, { partition });
    },
    retried: (partition) => retries.add(1, { partition }),
    halted: (partition) => void halted.add(partition),
    resumed: (partition) => void halted.delete(partition),
  };
}
