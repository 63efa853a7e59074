import { contentHash } from '@odograph/contracts/canonical';
import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { reportedToDomain } from '@odograph/contracts/telemetry-payload';
import { MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { createFleet } from '@odograph/sources/fleet/fleet';

export interface BenchEventsOptions {
  readonly count: number;
  readonly vehicles: number;
  readonly samplesPerReport: number;
  readonly seed: number;
}

/** From observation to reception. The value does not matter, but must be the same in every run. */
const ON_THE_WAY_MS = 250;

/**
 * Events of a fleet as ingest makes them and the log stores them, byte for byte: one event per report, the vehicles in
 * turn, in full envelopes of one partition. The same options give the same events on every machine.
 */
export function benchEvents({ count, vehicles, ...fleetOptions }: BenchEventsOptions): StoredEvent[] {
  const fleet = createFleet({ movement: 'steps', vehicles, ...fleetOptions });
  return Array.from({ length: count }, (_, at) => ({
    position: positionAt(at),
    event: eventOf(fleet.next(at % vehicles).report),
  }));
}

function positionAt(at: number): StoredEvent['position'] {
  const sequence = 1 + Math.floor(at / MAX_ENVELOPE_EVENTS);
  return { partition: 0, sequence, index: at % MAX_ENVELOPE_EVENTS };
}

function eventOf(report: VehicleReport): Event {
  const { vehicleId: subject, reportId, samples } = report;
  const observedAtMs = samples[0]?.observedAtMs ?? 0;
  const head = { subject, reportId, observedAtMs, receivedAtMs: observedAtMs + ON_THE_WAY_MS };
  return encodeEvent(reportedToDomain(head, report), { contentHash: contentHash(report) });
}
