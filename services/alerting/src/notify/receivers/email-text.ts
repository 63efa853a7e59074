import { SEVERITIES } from '@odograph/kernel/alert-event';
import { visible } from '@odograph/kernel/visible';
import { isoTime } from '../body.ts';
import { NOTICE_KINDS, type Notice } from '../notification.ts';

/** A line such as `[critical] battery-low firing: bus-17`, or for several notices `[critical] 2 firing, 1 resolved`. */
export function subjectOf(notices: readonly Notice[]): string {
  const severity = SEVERITIES.findLast((each) => notices.some(({ alert }) => alert.severity === each));
  const [first] = notices;
  const one = first && `${first.alert.rule} ${first.kind}: ${first.alert.vehicleId}`;
  return visible(`[${severity}] ${notices.length === 1 ? one : countsIn(notices)}`);
}

function countsIn(notices: readonly Notice[]): string {
  const counts = NOTICE_KINDS.map(
    (kind) => [notices.filter((notice) => notice.kind === kind).length, kind] as const,
  );
  return counts
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${count} ${kind}`)
    .join(', ');
}

/** A paragraph for each notice. */
export function textOf(notices: readonly Notice[]): string {
  return `${notices.map(paragraphOf).join('\n\n')}\n`;
}

function paragraphOf({ kind, because, isLate, alert }: Notice): string {
  const { id, rule, revision, vehicleId, fleet, severity, description, startedAtMs, endedAtMs } = alert;
  const lines = [
    `${kind.toUpperCase()} [${severity}] ${rule}, vehicle ${vehicleId}${fleet ? ` of fleet ${fleet}` : ''}`,
    description,
    `Started: ${isoTime(startedAtMs)}${endedAtMs === undefined ? '' : `, ended: ${isoTime(endedAtMs)}`}`,
    `Because: ${because}${isLate ? ' (known late: the samples arrived late)' : ''}`,
    `Alert ${id}, revision ${revision} of the rule`,
  ];
  return lines
    .filter((line) => line !== '')
    .map(visible)
    .join('\n');
}
