import type { Alert, AlertEntry, AlertWithHistory } from '@odograph/client/alert';
import type { NoticeInfo } from '@odograph/client/generated/odograph/alerting/v1/alerts';
import { isoTime } from '@odograph/kernel/iso-time';

/** An alert, as `odograph alerts --json` prints it. Times are by the clock of its rule. */
export interface AlertJson {
  readonly id: string;
  readonly rule: string;
  readonly revision: number;
  readonly vehicle_id: string;
  readonly fleet: string;
  readonly state: string;
  /** null before it fires. */
  readonly severity: string | null;
  readonly started_at: string;
  readonly fired_at: string | null;
  readonly ended_at: string | null;
  readonly because: string;
  readonly late: boolean;
  readonly flapping: boolean;
  readonly values: Readonly<Record<string, string>>;
  readonly acknowledged: { readonly by: string; readonly note: string; readonly at: string } | null;
}

export function alertJson(alert: Alert): AlertJson {
  const { id, rule, revision, vehicleId, fleet, state, severity, because, values } = alert;
  const { startedAtMs, firedAtMs, endedAtMs, isLate, isFlapping, acknowledged } = alert;
  return {
    ...{ id, rule, revision, vehicle_id: vehicleId, fleet, state, severity: severity ?? null },
    ...{ started_at: isoTime(startedAtMs), fired_at: timeOf(firedAtMs), ended_at: timeOf(endedAtMs) },
    ...{ because, late: isLate, flapping: isFlapping, values: byName(values) },
    acknowledged: acknowledged
      ? { by: acknowledged.by, note: acknowledged.note, at: isoTime(acknowledged.atMs) }
      : null,
  };
}

export function alertWithHistoryJson({ alert, history, notices }: AlertWithHistory) {
  return { ...alertJson(alert), history: history.map(entryJson), notices: notices.map(noticeJson) };
}

function entryJson({ type, atMs, recordedAtMs, severity, because, by, note }: AlertEntry) {
  const times = { at: timeOf(atMs), recorded_at: isoTime(recordedAtMs) };
  return { type, ...times, severity: severity ?? null, because, by, note };
}

function noticeJson({ receiver, kind, state, reason, atMs }: NoticeInfo) {
  return { receiver, kind, state, reason, at: isoTime(atMs) };
}

const timeOf = (atMs: number | undefined) => (atMs === undefined ? null : isoTime(atMs));

/** The same content is the same text. */
const byName = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)));
