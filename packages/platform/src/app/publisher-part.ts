import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { EventPublisher } from '@odograph/event-log/publisher';
import type { PublisherMetrics } from '@odograph/event-log/publisher-lane';
import { type PublisherOptions, SHARED_PUBLISHER_OPTIONS } from '@odograph/event-log/publisher-options';
import { StreamWatch } from '@odograph/event-log/stream-watch';
import type { Meter } from '@opentelemetry/api';
import type { Logger } from '../logger.ts';
import { counter, gauge, histogram, latencyHistogram } from '../metrics.ts';
import type { Nats } from '../nats.ts';
import { Trouble } from '../trouble.ts';
import { started } from './app.ts';

const READ_STREAMS_EVERY_MS = 1_000;

interface PublisherPartOptions {
  readonly nats: Nats;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly publisher: Omit<PublisherOptions, keyof typeof SHARED_PUBLISHER_OPTIONS>;
}

/** A publisher that watches its streams. When it stops, it first stores what it has accepted. */
export async function publisherPart({ nats, logger, meter, publisher: options }: PublisherPartOptions) {
  const { connection, isConnected } = nats;
  const trouble = new Trouble({ logger, message: 'the streams cannot be looked at' });
  const metrics = createPublisherMetrics(meter, () => publisher.queuedBytes());
  const watch = new StreamWatch({
    connection,
    manager: await jetstreamManager(connection),
    isConnected,
    onTrouble: (error) => void trouble.failed(error),
    onSuccess() {
      trouble.succeeded();
      metrics.open(watch.partitionCount() ?? 0);
    },
    intervalMs: READ_STREAMS_EVERY_MS,
  });
  const publisher = new EventPublisher({
    jetstream: jetstream(connection),
    watch,
    metrics,
    options: { ...SHARED_PUBLISHER_OPTIONS, ...options },
  });
  const stop = async (leftMs: number) => {
    // The parts before this one need some of the time.
    await publisher.drain(leftMs / 2);
    watch.stop();
  };
  return started(publisher, { stop });
}

const EVENT_BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 350, 500];

/** Measures what a publisher stores, by partition, and what waits in it. */
function createPublisherMetrics(meter: Meter, queuedBytes: () => number) {
  const events = histogram(
    meter,
    'odograph.publisher.envelope.events',
    '{event}',
    'Events in an envelope.',
    EVENT_BOUNDS,
  );
  const duration = latencyHistogram(
    meter,
    'odograph.publisher.envelope.duration',
    'From the first attempt to store an envelope until it is on disk.',
  );
  const bytes = counter(meter, 'odograph.publisher.stored', 'By', 'Bytes stored.');
  const retries = counter(
    meter,
    'odograph.publisher.retries',
    '{attempt}',
    'Failed attempts to store an envelope; each is retried with the same bytes.',
  );
  gauge(meter, 'odograph.publisher.queued', 'By', 'Bytes that wait to be stored.', queuedBytes);
  const published: PublisherMetrics = {
    stored(partition, envelope) {
      events.record(envelope.events, { partition });
      duration.record(envelope.durationMs / 1_000, { partition });
      bytes.add(envelope.bytes, { partition });
    },
    retried: (partition) => retries.add(1, { partition }),
  };
  /** Counts from 0 on, once the partitions are known. */
  const open = (partitionCount: number) => {
    for (let partition = 0; partition < partitionCount; partition += 1)
      for (const each of [bytes, retries]) each.add(0, { partition });
  };
  return { ...published, open };
}
