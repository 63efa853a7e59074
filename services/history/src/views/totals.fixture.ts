import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { EventPosition } from '@odograph/kernel/position';
import type { Projection } from '@odograph/kernel/projection';
import { reportIn } from '@odograph/kernel/vehicle-event';

export interface Totals {
  reports: number;
  speedSum: number;
}

/** A projection that is not idempotent, so a test notices an event that is folded twice or never. It cannot apply one speed. */
export function totalsProjection(name = 'totals'): Projection<Totals> & { isCured: boolean } {
  return {
    name,
    version: 1,
    isCured: false,
    read(event) {
      const speed = Number(reportIn(event)?.samples[0]?.signals['speed_kmh']);
      return {
        keys: reportIn(event) ? ['all'] : [],
        applyTo: (totals) => {
          if (speed === POISON_SPEED && !this.isCured) throw new Error('cannot add 666');
          totals.reports += 1;
          totals.speedSum += speed;
        },
      };
    },
    initial: () => ({ reports: 0, speedSum: 0 }),
    copy: (totals) => ({ ...totals }),
    toDocuments: (totals) => [{ ...totals }],
    fromDocuments: (_subject, _key, documents) => ({ ...(documents[0] as unknown as Totals) }),
  };
}

export const POISON_SPEED = 666;

/** A decision about a parked event, as the API appends it. */
export function decided(
  type: 'ParkedEventRetried' | 'ParkedEventDropped',
  vehicleId: string,
  position: EventPosition,
  projection = 'totals',
): Event {
  const nowMs = Date.now();
  const head = {
    subject: vehicleId,
    reportId: `${type}:${Math.random()}`,
    observedAtMs: nowMs,
    receivedAtMs: nowMs,
  };
  return encodeEvent({ ...head, type, projection, position });
}
