import type { Alert, AlertWithHistory } from '@odograph/client/alert';
import { isoTime } from '@odograph/kernel/iso-time';
import { visible } from '@odograph/kernel/visible';
import { inWords } from '../terminal/durations.ts';
import { textTable } from '../terminal/text-table.ts';

interface TableOptions {
  readonly nowMs: number;
  /** In columns of a terminal. */
  readonly maxWidth: number;
}

/** The alerts for people, one a line. */
export function alertsTable(alerts: readonly Alert[], { nowMs, maxWidth }: TableOptions): string {
  const head = ['state', 'severity', 'rule', 'vehicle', 'since', 'for', 'acknowledged by', 'id'];
  const rows = alerts.map((alert) => {
    const { id, state, severity = '', rule, vehicleId, startedAtMs, acknowledged } = alert;
    const lasted = lastedInWords(alert, nowMs);
    return [state, severity, rule, vehicleId, isoTime(startedAtMs), lasted, acknowledged?.by ?? '', id];
  });
  // The id names the rule and the vehicle.
  return textTable(head, rows, { maxWidth, yielding: ['since', 'rule', 'vehicle', 'acknowledged by'] });
}

/** An alert with its history and its notices, for people. */
export function alertTables({ alert, history, notices }: AlertWithHistory, nowMs: number): string {
  const entries = history.map(({ type, atMs, recordedAtMs, severity = '', because, by, note }) => {
    const why = [because, by && `by ${by}`, note].filter((each) => each !== '').join(', ');
    return [isoTime(atMs ?? recordedAtMs), type, severity, why];
  });
  const told = notices.map(({ atMs, receiver, kind, state, reason }) => {
    return [isoTime(atMs), receiver, kind, state, reason];
  });
  return [
    textTable(['field', 'value'], fieldsOf(alert, nowMs)),
    textTable(['when', 'what', 'severity', 'why'], entries),
    notices.length === 0
      ? 'no notice to a receiver'
      : textTable(['when', 'receiver', 'notice', 'state', 'reason'], told),
  ].join('\n\n');
}

function fieldsOf(alert: Alert, nowMs: number): readonly (readonly string[])[] {
  const { id, rule, revision, vehicleId, fleet, state, severity, because, acknowledged } = alert;
  const { startedAtMs, firedAtMs, endedAtMs, isLate, isFlapping, values } = alert;
  const fields: Readonly<Record<string, string | false | undefined>> = {
    ...{ id, rule: `${rule}, revision ${revision}`, vehicle: vehicleId, fleet, state, severity, because },
    'started at': isoTime(startedAtMs),
    'fired at': firedAtMs !== undefined && isoTime(firedAtMs),
    'ended at': endedAtMs !== undefined && isoTime(endedAtMs),
    lasts: lastedInWords(alert, nowMs),
    'known late': isLate && 'yes, by samples that came late',
    flapping: isFlapping && 'yes: receivers get no notice of the next ones',
    values: valuesInWords(values),
    'acknowledged by': acknowledged && `${acknowledged.by} at ${isoTime(acknowledged.atMs)}`,
    note: acknowledged?.note,
  };
  return Object.entries(fields).flatMap(([name, value]) => (value ? [[name, value]] : []));
}

/** A change of an alert in one line. */
export function changeInWords(alert: Alert): string {
  const { id, state, severity = '', startedAtMs, endedAtMs, acknowledged, values } = alert;
  const words = [
    endedAtMs === undefined ? `since ${isoTime(startedAtMs)}` : `until ${isoTime(endedAtMs)}`,
    ...(acknowledged ? [`acknowledged by ${acknowledged.by}`] : []),
    ...(state === 'firing' ? [valuesInWords(values)] : []),
  ];
  const line = [state.padEnd(10), severity.padEnd(8), id, ...words.filter((each) => each !== '')];
  return visible(line.join('  '));
}

function valuesInWords(values: Alert['values']): string {
  const sorted = Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** For how long its condition has held, or held. The clock of a vehicle may be ahead of this one. */
function lastedInWords({ startedAtMs, endedAtMs }: Alert, nowMs: number): string {
  return inWords(Math.max(0, (endedAtMs ?? nowMs) - startedAtMs));
}
