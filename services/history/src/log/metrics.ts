import type { Clock } from '@odograph/kernel/clock';
import type { Logger } from '@odograph/platform/logger';
import { latencyHistogram } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';
import type { WriterObserver } from './writer.ts';

/** Counts what the log writers do, and says what goes wrong. */
export function observeWriters(meter: Meter, logger: Logger, clock: Clock): WriterObserver {
  const events = meter.createCounter('odograph.log.events', {
    unit: '{event}',
    description: 'Events that came to the log, by what became of them.',
  });
  const batches = meter.createCounter('odograph.log.batches', {
    unit: '{batch}',
    description: 'Batches appended to the log.',
  });
  const lag = latencyHistogram(
    meter,
    'odograph.log.commit.lag',
    'From an envelope’s storing in JetStream to its commit in the log.',
  );
  const retries = meter.createCounter('odograph.log.retries', {
    unit: '{failure}',
    description: 'Failures that were tried again.',
  });
  const halted = new Set<number>();
  meter
    .createObservableGauge('odograph.log.halted', {
      unit: '{partition}',
      description: 'Partitions halted now.',
    })
    .addCallback((result) => result.observe(halted.size));

  return {
    onCommitted(partition, batch) {
      batches.add(1, { partition });
      events.add(batch.events - batch.conflicts, { partition, outcome: 'committed' });
      if (batch.conflicts > 0) events.add(batch.conflicts, { partition, outcome: 'conflict' });
      if (batch.duplicates > 0) events.add(batch.duplicates, { partition, outcome: 'duplicate' });
      lag.record(Math.max(0, clock.now() - batch.storedAtMs) / 1_000, { partition });
    },
    onTrouble(partition, err) {
      retries.add(1, { partition });
      logger.warn({ partition, err }, 'appending to the log is tried again');
    },
    onHalted(partition, reason) {
      if (reason === undefined) {
        halted.delete(partition);
        logger.info({ partition }, 'the partition goes on');
      } else {
        halted.add(partition);
        logger.error(
          { partition, reason },
          'the partition is halted: its stream is not the one the log knows',
        );
      }
    },
  };
}
