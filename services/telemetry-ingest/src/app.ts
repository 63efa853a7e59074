import { descriptorSet } from '@odograph/contracts/descriptors';
import { systemClock } from '@odograph/kernel/clock';
import { started } from '@odograph/platform/app/app';
import { compose } from '@odograph/platform/app/compose';
import { grpcPart, metricsPart, natsPart, publisherPart } from '@odograph/platform/app/service-parts';
import type { Logger } from '@odograph/platform/logger';
import type { IngestConfig } from './config.ts';
import { createDoor } from './door/door.ts';
import { startTicks } from './log-time/ticks.ts';

export const SERVICE_NAME = 'telemetry-ingest';

/** How much larger a message may be than its limit and still be told so in our words. */
const MESSAGE_HEADROOM = 4;

/** The door in. On the way down ticks end first, then calls, then what they left in the publisher. */
export function ingestApp(config: IngestConfig, logger: Logger) {
  const { limits, room, publisher } = config;
  return compose(SERVICE_NAME)
    .part('metrics', () => metricsPart(SERVICE_NAME, config.metrics))
    .part('nats', (_, signal) => natsPart({ ...config.nats, name: SERVICE_NAME, logger, signal }))
    .part('publisher', ({ nats, metrics: { meter } }) => {
      const watch = { fullRatio: room.fullPct / 100, minFreeDiskRatio: room.minFreeDiskPct / 100 };
      return publisherPart({ nats, logger, meter, publisher, watch });
    })
    .part('grpc', ({ publisher: events, metrics: { meter } }) =>
      grpcPart({
        ...config.grpc,
        services: [createDoor({ events, clock: systemClock, limits, meter, logger })],
        descriptorSet,
        maxMessageBytes: MESSAGE_HEADROOM * limits.maxBytes,
        defaultDeadlineMs: limits.batchDeadlineMs,
        logger,
        meter,
      }),
    )
    .part('ticks', (parts) => {
      const ticks = startTicks({ publisher: parts.publisher, clock: systemClock, logger });
      return started(ticks, { stop: () => ticks.stop() });
    });
}
