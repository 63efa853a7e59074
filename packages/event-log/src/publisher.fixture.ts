import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { invariant, isFault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import { MAX_ENVELOPE_EVENTS } from './envelope.ts';
import { EventPublisher, type PublisherDeps } from './publisher.ts';
import { type PublisherOptions, SHARED_PUBLISHER_OPTIONS } from './publisher-options.ts';

const OPTIONS = { ...SHARED_PUBLISHER_OPTIONS, envelopeEvents: MAX_ENVELOPE_EVENTS, ackTimeoutMs: 5_000 };
const NO_METRICS = { stored: () => undefined, retried: () => undefined };

/** A publisher without metrics, for tests that append one report at a time and need its position. */
export class TestPublisher extends EventPublisher {
  constructor(
    deps: Omit<PublisherDeps, 'metrics' | 'options'> & { readonly options?: Partial<PublisherOptions> },
  ) {
    super({ ...deps, metrics: NO_METRICS, options: { ...OPTIONS, ...deps.options } });
  }

  /** Resolves with the position of the first event. Rejects with the Fault if there is none. */
  async append(events: readonly Event[], deadlineAtMs: number): Promise<EventPosition> {
    const [result] = await this.appendAll([events], { deadlineAtMs });
    invariant(result, 'one append has one result');
    if (isFault(result)) throw result;
    return result;
  }
}
