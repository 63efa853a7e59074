import type { Logger } from '@odograph/platform/logger';
import { latencyHistogram } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';
import type { Tail } from './tail.ts';
import type { ViewObserver } from './views.ts';

/** Counts what the flushes do, and says what goes wrong. */
export function observeViews(meter: Meter, logger: Logger): ViewObserver {
  const duration = latencyHistogram(
    meter,
    'odograph.views.flush.duration',
    'Storing what a partition’s tail has.',
  );
  const slices = meter.createCounter('odograph.views.flush.slices', {
    unit: '{slice}',
    description: 'Slices of read models stored.',
  });
  const retries = meter.createCounter('odograph.views.retries', {
    unit: '{failure}',
    description: 'Failures that were tried again.',
  });

  return {
    onFlushed(partition, stored, durationMs) {
      duration.record(durationMs / 1_000, { partition });
      slices.add(stored, { partition });
    },
    onTrouble(partition, err) {
      retries.add(1, { partition });
      logger.warn({ partition, err }, 'following or storing is tried again');
    },
  };
}

/** How far storing is behind the log. */
export function observeTails(meter: Meter, tails: readonly Tail[]): void {
  const description = 'Memory of events that are not stored in the read models yet.';
  const gauge = meter.createObservableGauge('odograph.views.tail.size', { unit: 'By', description });
  gauge.addCallback((result) => {
    for (const tail of tails) result.observe(tail.bytes(), { partition: tail.partition });
  });
}
