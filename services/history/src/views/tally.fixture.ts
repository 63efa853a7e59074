import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { EventPosition } from '@odograph/kernel/position';
import type { Projection } from '@odograph/kernel/projection';
import { reportIn } from '@odograph/kernel/vehicle-event';

export interface Tally {
  reports: number;
  speedSum: number;
}

/** A small projection that is not idempotent, so that an event folded twice or never shows; it chokes on one speed. */
export function tallyProjection(): Projection<Tally> & { isCured: boolean } {
  return {
    name: 'tally',
    version: 1,
    isCured: false,
    read(event) {
      const speed = Number(reportIn(event)?.samples[0]?.signals['speed_kmh']);
      return {
        keys: reportIn(event) ? ['all'] : [],
        applyTo: (tally) => {
          if (speed === POISON_SPEED && !this.isCured) throw new Error('cannot add 666');
          tally.reports += 1;
          tally.speedSum += speed;
        },
      };
    },
    initial: () => ({ reports: 0, speedSum: 0 }),
    toDocuments: (tally) => [{ ...tally }],
    fromDocuments: (_subject, _key, documents) => ({ ...(documents[0] as unknown as Tally) }),
  };
}

export const POISON_SPEED = 666;

/** A decision about a parked event, as the API would append it. */
export function decided(
  type: 'ParkedEventRetried' | 'ParkedEventDropped',
  vehicleId: string,
  position: EventPosition,
): Event {
  const nowMs = Date.now();
  const head = {
    subject: vehicleId,
    reportId: `${type}:${Math.random()}`,
    observedAtMs: nowMs,
    receivedAtMs: nowMs,
  };
  return encodeEvent({ ...head, type, projection: 'tally', position });
}
