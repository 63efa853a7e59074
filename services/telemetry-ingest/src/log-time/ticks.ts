import { contentHash } from '@odograph/contracts/canonical';
import { encodePayload } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { EventPublisher } from '@odograph/event-log/publisher';
import type { Clock } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { Logger } from '@odograph/platform/logger';

/** How far ticks lie apart, in milliseconds. Everything that reads time from the log goes by it. */
export const TICK_INTERVAL_MS = 10_000;

export interface TicksParts {
  readonly publisher: Pick<EventPublisher, 'partitionCount' | 'appendTo'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Ticks {
  /** Appends nothing more, and resolves when what is under way is settled. */
  stop(): Promise<void>;
}

/** Appends to each partition that time has passed, once every ten seconds of our clock, until stopped. */
export function startTicks({ publisher, clock, logger }: TicksParts): Ticks {
  let underWay = Promise.resolve();
  let timer = schedule();

  function schedule(): NodeJS.Timeout {
    return setTimeout(tick, TICK_INTERVAL_MS - (clock.now() % TICK_INTERVAL_MS));
  }

  function tick(): void {
    timer = schedule();
    const nowMs = clock.now();
    const partitions = Array.from({ length: publisher.partitionCount() ?? 0 }, (_, partition) => partition);
    underWay = Promise.all(partitions.map((partition) => append(partition, nowMs))).then(() => undefined);
  }

  async function append(partition: number, nowMs: number): Promise<void> {
    try {
      await publisher.appendTo(partition, [tickEvent(partition, nowMs)], nowMs + TICK_INTERVAL_MS / 2);
    } catch (err) {
      if (!isFault(err)) throw err;
      // Who reads time from the log takes a missing tick as no time having passed; the next one makes up for it.
      logger.warn({ err, partition }, 'a tick was not appended');
    }
  }

  return {
    async stop() {
      clearTimeout(timer);
      await underWay;
    },
  };
}

/** The same from every replica within the same ten seconds, so that the log keeps one of them. */
export function tickEvent(partition: number, nowMs: number): Event {
  // No vehicle id can hold a slash, so no vehicle can pass for the clock.
  const subject = `clock/${partition}`;
  const head = {
    subject,
    reportId: 'tick',
    observedAtMs: nowMs - (nowMs % TICK_INTERVAL_MS),
    receivedAtMs: nowMs,
  };
  const content = { contentHash: contentHash({ vehicleId: subject, samples: [] }), traceparent: '', part: 0 };
  return { ...encodePayload({ type: 'TimeTicked', ...head }), ...head, ...content };
}
