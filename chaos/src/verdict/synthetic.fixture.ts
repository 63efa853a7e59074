import { Event, TelemetryReported } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { Signals } from '@odograph/contracts/generated/odograph/telemetry/v1/signals';
import { type FleetReport, type ReportKind, reportIdentity } from '@odograph/sources/scripted/fleet';
import type { LedgerEntry } from '@odograph/testing/ledger';
import type { LoggedEvent } from './logged-event.ts';

export const VEHICLE = 'fleet-0001';

const NO_CONTENT = Buffer.from([0]);

/** What a sender knows of one report, which it sent once and was told of at once. */
export function entryOf(
  reportId: string,
  { kind = 'plain', ...known }: Partial<LedgerEntry> & { readonly kind?: ReportKind } = {},
): LedgerEntry {
  const identity = reportIdentity(VEHICLE, reportId, NO_CONTENT);
  const sent = { kind, vehicleId: VEHICLE, identity } as FleetReport;
  return {
    ...{ sent, firstSentAt: 1, timesSent: 1, told: 'accepted', toldAt: 2, isFirstTry: true },
    position: undefined,
    ...known,
  };
}

export interface Logging extends Partial<Pick<Event, 'part' | 'subject' | 'receivedAtMs' | 'contentHash'>> {
  readonly type?: string;
  readonly partition?: number;
  readonly observedAtMs?: number;
  readonly signals?: Partial<Signals>;
}

/** The event of a report as it lies in a log. */
export function loggedAs(reportId: string, sequence: number, logging: Logging = {}): LoggedEvent {
  const { partition = 0, observedAtMs = 1_000, signals = {}, ...head } = logging;
  const payload = TelemetryReported.encode(
    TelemetryReported.fromPartial({ samples: [{ observedAtMs, signals }] }),
  ).finish();
  const event = Event.fromPartial({
    ...{ type: 'TelemetryReported', version: 1, subject: VEHICLE, contentHash: NO_CONTENT },
    ...{ reportId, observedAtMs, payload },
    ...head,
  });
  return {
    position: { partition, sequence, index: 0 },
    type: event.type,
    identity: reportIdentity(event.subject, reportId, event.contentHash),
    event,
  };
}
