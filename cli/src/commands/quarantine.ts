import type { LogEvent } from '@odograph/client/log';
import { decodeEvent, isNewerThanKnown } from '@odograph/contracts/event-catalogue';
import { isoTime } from '@odograph/kernel/iso-time';
import { formatPosition } from '@odograph/kernel/position';
import type { TelemetryQuarantined, VehicleEvent } from '@odograph/kernel/vehicle-event';
import { visible } from '@odograph/kernel/visible';
import { Command } from 'commander';
import { endpointOption, openClient } from '../endpoint.ts';
import { eventJson } from '../json/event-json.ts';
import { countArgument, textArgument } from '../terminal/arguments.ts';
import { type AtLeastOptions, withAtLeast } from '../terminal/filter.ts';
import { findingsInWords } from '../terminal/finding-in-words.ts';
import { note, printJson, printLine } from '../terminal/output.ts';

interface QuarantineOptions extends AtLeastOptions {
  readonly vehicle?: string;
  readonly limit?: number;
  readonly endpoint?: string;
  readonly json?: boolean;
}

/** Events that the views leave out, or merge from two contents. */
const TYPES = ['TelemetryQuarantined', 'TelemetryConflicted', 'UndecodableReceived'];

export function quarantineCommand(): Command {
  const list = withAtLeast(new Command('list'))
    .description('list reports that were not believed, conflict with an earlier one, or could not be decoded')
    .option('--vehicle <id>', 'only events of this vehicle', textArgument)
    .option('--limit <count>', 'at most this many', countArgument)
    .addOption(endpointOption('history'))
    .option('--json', 'one JSON object a line, as of "log read"')
    .action(listQuarantine);
  return new Command('quarantine').description('list quarantined and conflicting reports').addCommand(list);
}

async function listQuarantine({
  vehicle: subject,
  limit,
  atLeast,
  endpoint,
  json: isJson,
}: QuarantineOptions): Promise<void> {
  using client = openClient('history', endpoint);
  let count = 0;
  for await (const event of client.readLog({ types: TYPES, subject, limit, atLeast })) {
    count += 1;
    if (isJson) await printJson(eventJson(event));
    else await printLine(inWords(event));
  }
  if (count === 0 && !isJson) note('no report is quarantined');
}

/** One line: the position, the vehicle, the observed time, and why it is quarantined. */
function inWords({ position, event: encoded }: LogEvent): string {
  const where = `${formatPosition(position)}  ${encoded.subject}`;
  try {
    const event = decodeEvent(encoded);
    return visible(`${where}  ${timeOf(event)}  ${whyOf(event)}`);
  } catch (error) {
    if (!isNewerThanKnown(error)) throw error;
    return visible(`${where}  ${isoTime(encoded.observedAtMs || encoded.receivedAtMs)}  ${error.message}`);
  }
}

/** If the vehicle's clock gave no time, the text that it gave. */
function timeOf(event: VehicleEvent): string {
  const clockText = event.type === 'TelemetryQuarantined' ? event.samples[0]?.clockText : undefined;
  return clockText ?? isoTime(event.observedAtMs);
}

function whyOf(event: VehicleEvent): string {
  if (event.type === 'TelemetryQuarantined') return reasonsOf(event);
  if (event.type === 'TelemetryConflicted')
    return `other content than the report at ${formatPosition(event.heldAt)}`;
  return event.type === 'UndecodableReceived' ? event.reason : event.type;
}

function reasonsOf({ samples }: TelemetryQuarantined): string {
  const findings = samples.flatMap((sample) => sample.findings);
  return findingsInWords(
    findings.map((finding) => ({ ...finding, description: `${finding.reason} (${finding.description})` })),
  );
}
