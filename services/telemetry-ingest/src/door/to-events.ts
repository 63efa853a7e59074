import { contentHash } from '@odograph/contracts/canonical';
import { encodePayload } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import type { Taken } from '../domain/accept.ts';

/**
 * The events of one report, as they go into the log. All parts carry the hash of the whole report as it came,
 * so that a report sent again and judged otherwise, as its time is no longer in the future, is still the same content.
 */
export function toEvents({ facts }: Taken, report: VehicleReport, traceparent: string): readonly Event[] {
  const hash = contentHash(report);
  return facts.map((fact, part) => {
    const { type, version, payload } = encodePayload(fact);
    const { subject, observedAtMs, reportId, receivedAtMs } = fact;
    const head = { type, version, subject, observedAtMs, reportId, part, receivedAtMs };
    return { ...head, contentHash: hash, traceparent, payload };
  });
}
