import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { LoggedEvent } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { Fault } from '@odograph/kernel/fault';
import { isoTime } from '@odograph/kernel/iso-time';
import { formatPosition } from '@odograph/kernel/position';
import type { TelemetryQuarantined, VehicleEvent } from '@odograph/kernel/vehicle-event';

/** Something that was set aside, for people, in one line: where it lies, whose it is, when it was observed, and why. */
export function doubtLine({ position, event: wire }: LoggedEvent): string {
  if (!position || !wire)
    throw new Fault('INTERNAL', 'the server sent an event without its position or content');
  const event = decodeEvent(wire);
  return `${formatPosition(position)}  ${event.subject}  ${timeOf(event)}  ${whyOf(event)}`;
}

/** What the vehicle's clock said, where it told no time. */
function timeOf(event: VehicleEvent): string {
  const said = event.type === 'TelemetryQuarantined' ? event.samples[0]?.clockText : undefined;
  return said ?? isoTime(event.observedAtMs);
}

function whyOf(event: VehicleEvent): string {
  if (event.type === 'TelemetryQuarantined') return reasonsOf(event);
  if (event.type === 'TelemetryConflicted')
    return `other content than the report at ${formatPosition(event.heldAt)}`;
  return event.type === 'UndecodableReceived' ? event.reason : event.type;
}

function reasonsOf({ samples }: TelemetryQuarantined): string {
  const findings = samples.flatMap((sample) => sample.findings);
  return findings.map(({ field, reason, description }) => `${field}: ${reason} (${description})`).join('; ');
}
