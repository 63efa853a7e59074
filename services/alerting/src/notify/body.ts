import type { Message, Notice } from './notification.ts';

/**
 * A message as JSON, in the form that Standard Webhooks recommends: type, timestamp and data.
 * The same message gives the same bytes, also in another process.
 */
export function renderBody({ receiver, notices }: Message): Uint8Array {
  const atMs = Math.max(...notices.map((notice) => notice.atMs));
  const body = {
    type: 'alerts.notified',
    timestamp: isoTime(atMs),
    data: { receiver, notices: notices.map(noticeBody) },
  };
  return new TextEncoder().encode(JSON.stringify(body));
}

function noticeBody({ key, kind, because, isLate, atMs, follows, alert }: Notice): object {
  const { id, rule, revision, fleet, severity, description, startedAtMs, endedAtMs, values } = alert;
  return {
    ...{ key, kind, because, is_late: isLate, at: isoTime(atMs), follows },
    alert: {
      ...{ id, rule, revision, vehicle_id: alert.vehicleId, fleet, severity, description, values },
      started_at: isoTime(startedAtMs),
      ended_at: endedAtMs === undefined ? undefined : isoTime(endedAtMs),
    },
  };
}

export const isoTime = (atMs: number) => new Date(atMs).toISOString();
