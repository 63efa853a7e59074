import { systemClock } from '@odograph/kernel/clock';
import { started } from '@odograph/platform/app/app';
import { compose } from '@odograph/platform/app/compose';
import { publisherPart } from '@odograph/platform/app/publisher-part';
import { grpcPart, metricsPart, natsPart } from '@odograph/platform/app/service-parts';
import type { Logger } from '@odograph/platform/logger';
import { type IngestConfig, MESSAGE_HEADROOM, WINDOW_BATCHES } from './config.ts';
import { createDoor } from './door/door.ts';
import { startTicks } from './log-time/ticks.ts';

export const SERVICE_NAME = 'telemetry-ingest';

/** The whole process. When it stops, the ticks end first, then the calls, then the publisher stores what they left. */
export function ingestApp(config: IngestConfig, logger: Logger) {
  const limits = { ...config.limits, windowBatches: WINDOW_BATCHES };
  const { room } = config;
  return compose(SERVICE_NAME)
    .part('metrics', () => metricsPart(SERVICE_NAME, config.metrics))
    .part('nats', (_, signal) => natsPart({ ...config.nats, name: SERVICE_NAME, logger, signal }))
    .part('publisher', ({ nats, metrics }) =>
      publisherPart({ nats, logger, meter: metrics.meter, publisher: config.publisher }),
    )
    .part('door', ({ publisher, metrics: { meter } }) =>
      createDoor({ publisher, clock: systemClock, limits, room, meter, logger }),
    )
    .part('grpc', ({ door, metrics: { meter } }) =>
      grpcPart({
        ...config.grpc,
        services: [door.service],
        notReadyBecause: door.notReadyBecause,
        maxMessageBytes: MESSAGE_HEADROOM * limits.maxBytes,
        defaultDeadlineMs: limits.batchDeadlineMs,
        ...{ logger, meter },
      }),
    )
    .part('ticks', ({ publisher }) => {
      const ticks = startTicks({ publisher, clock: systemClock, logger });
      return started(ticks, { stop: () => ticks.stop() });
    });
}
