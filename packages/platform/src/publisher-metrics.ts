import type { EventPublisher } from '@odograph/event-log/publisher';
import type { LaneObserver } from '@odograph/event-log/publisher-lane';
import type { Meter } from '@opentelemetry/api';
import { latencyHistogram } from './metrics.ts';

const EVENT_BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 350, 500];

/** Counts what the publisher puts on disk, by partition. */
export function observePublishing(meter: Meter): LaneObserver {
  const events = meter.createHistogram('odograph.publisher.envelope.events', {
    unit: '{event}',
    description: 'Events an envelope.',
    advice: { explicitBucketBoundaries: EVENT_BOUNDS },
  });
  const duration = latencyHistogram(
    meter,
    'odograph.publisher.envelope.duration',
    'From the first attempt to store an envelope until it is on disk.',
  );
  const bytes = meter.createCounter('odograph.publisher.stored', {
    unit: 'By',
    description: 'Bytes put on disk.',
  });
  const retries = meter.createCounter('odograph.publisher.retries', {
    unit: '{attempt}',
    description: 'Attempts to store an envelope that failed; the same bytes are sent again.',
  });
  return {
    onStored(partition, envelope) {
      events.record(envelope.events, { partition });
      duration.record(envelope.durationMs / 1_000, { partition });
      bytes.add(envelope.bytes, { partition });
    },
    onRetry: (partition) => retries.add(1, { partition }),
  };
}

/** Shows how much waits to be put on disk. */
export function observeQueue(meter: Meter, publisher: Pick<EventPublisher, 'queuedBytes'>): void {
  meter
    .createObservableGauge('odograph.publisher.queued', {
      unit: 'By',
      description: 'Bytes that wait for disk.',
    })
    .addCallback((result) => result.observe(publisher.queuedBytes()));
}
