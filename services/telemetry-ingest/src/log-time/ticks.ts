import { contentHash } from '@odograph/contracts/canonical';
import { encodePayload } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { EventPublisher } from '@odograph/event-log/publisher';
import type { Clock } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { Logger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';

/** The time between two ticks, in milliseconds. Everything that reads time from the log relies on it. */
const TICK_INTERVAL_MS = 10_000;

interface TicksDeps {
  readonly publisher: Pick<EventPublisher, 'partitionCount' | 'appendAll'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Ticks {
  /** Appends no more ticks. Resolves when the last ones are complete. */
  stop(): Promise<void>;
}

/** Appends a tick to each partition every ten seconds of our clock, until stopped. */
export function startTicks({ publisher, clock, logger }: TicksDeps): Ticks {
  const troubles = new Map<number, Trouble>();
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
    const options = { partition, deadlineAtMs: nowMs + TICK_INTERVAL_MS / 2 };
    const [result] = await publisher.appendAll([[tickEvent(partition, nowMs)]], options);
    // Without the tick, readers of the log see no time pass until the next one.
    if (isFault(result)) troubleOf(partition).failed(result);
    else troubleOf(partition).succeeded();
  }

  function troubleOf(partition: number): Trouble {
    const known = troubles.get(partition);
    if (known) return known;
    const trouble = new Trouble({ logger, message: 'a tick was not appended', fields: { partition }, clock });
    troubles.set(partition, trouble);
    return trouble;
  }

  return {
    async stop() {
      clearTimeout(timer);
      await underWay;
    },
  };
}

/** Every replica makes the same event within the same ten seconds, so that the log keeps one of them. */
export function tickEvent(partition: number, nowMs: number): Event {
  // A vehicle id cannot contain a slash, so a vehicle cannot be taken for the clock.
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
