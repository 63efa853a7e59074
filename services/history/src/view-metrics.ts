import type { Log } from '@odograph/platform/log';
import { LATENCY_BOUNDS_S } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';
import type { Tail } from './views/tail.ts';
import type { ViewObserver } from './views/views.ts';

/** Counts what the flushes do, and says what goes wrong. */
export function observeViews(meter: Meter, log: Log): ViewObserver {
  const duration = meter.createHistogram('odograph.views.flush.duration', {
    unit: 's',
    description: 'Storing what a partition’s tail has.',
    advice: { explicitBucketBoundaries: LATENCY_BOUNDS_S },
  });
  const slices = meter.createCounter('odograph.views.flush.slices', {
    description: 'Slices of read models stored.',
  });
  const retries = meter.createCounter('odograph.views.retries', {
    description: 'Failures that were tried again.',
  });

  return {
    onFlushed(partition, flushed, durationMs) {
      duration.record(durationMs / 1_000, { partition });
      slices.add(flushed.slices, { partition });
    },
    onTrouble(partition, err) {
      retries.add(1, { partition });
      log.warn({ partition, err }, 'following or storing is tried again');
    },
  };
}

/** How far storing is behind the log: in events it would be work to count, so in bytes and envelopes. */
export function observeTails(meter: Meter, tails: readonly Tail[]): void {
  const gauge = (name: string, unit: string, description: string, read: (tail: Tail) => number) =>
    meter.createObservableGauge(name, { unit, description }).addCallback((result) => {
      for (const tail of tails) result.observe(read(tail), { partition: tail.partition });
    });
  gauge('odograph.views.tail.size', 'By', 'Memory of events not stored in the read models yet.', (tail) =>
    tail.bytes(),
  );
  gauge(
    'odograph.views.tail.length',
    '{envelope}',
    'Envelopes not stored in the read models yet.',
    (tail) => tail.head() - tail.floor(),
  );
}
