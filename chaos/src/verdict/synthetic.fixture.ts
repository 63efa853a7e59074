import { Event, TelemetryReported } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { Signals } from '@odograph/contracts/generated/odograph/telemetry/v1/signals';
import { type FleetReport, type ReportKind, reportIdentity } from '@odograph/sources/fleet/fleet-report';
import type { LedgerEntry } from '@odograph/testing/ledger';
import type { LoggedEvent } from '../client/logged-event.ts';

export const VEHICLE = 'fleet-0001';

const NO_CONTENT = Buffer.from([0]);

/** The ledger entry of a report that was sent once and accepted at once. */
export function entryOf(
  reportId: string,
  { kind = 'plain', ...known }: Partial<LedgerEntry> & { readonly kind?: ReportKind } = {},
): LedgerEntry {
  const identity = reportIdentity(VEHICLE, reportId, NO_CONTENT);
  const sent = { kind, vehicleId: VEHICLE, identity } as FleetReport;
  return {
    ...{ sent, firstSentAt: 1, timesSent: 1, outcome: 'accepted', answeredAt: 2, isFirstTry: true },
    position: undefined,
    ...known,
  };
}

interface LoggedOptions extends Partial<Pick<Event, 'part' | 'subject' | 'receivedAtMs' | 'contentHash'>> {
  readonly type?: string;
  readonly partition?: number;
  readonly observedAtMs?: number;
  readonly signals?: Partial<Signals>;
}

/** The event of a report in a log. */
export function loggedAs(reportId: string, sequence: number, options: LoggedOptions = {}): LoggedEvent {
  const { partition = 0, observedAtMs = 1_000, signals = {}, ...head } = options;
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
