import type { Acknowledgement, AlertRef, ChangeOfAlert, Severity } from '@odograph/kernel/alert-event';
import type { AlertEvent, EventHead } from '@odograph/kernel/vehicle-event';

/** Where an alert is. A retracted one was none, as samples that came late have shown. */
export type AlertPhase = 'pending' | 'subsided' | 'firing' | 'recovering' | 'resolved' | 'retracted';

/** An event of an alert, in its history. */
export interface AlertEntry {
  readonly type: AlertEvent['type'];
  /** By the clock of the rule, where the event has such a time, in Unix milliseconds. */
  readonly atMs?: number | undefined;
  /** By our clock, in Unix milliseconds. */
  readonly recordedAtMs: number;
  readonly severity?: Severity | undefined;
  readonly because?: string | undefined;
  readonly by?: string | undefined;
  readonly note?: string | undefined;
}

/** An alert as its events tell it. Times are by the clock of the rule unless said otherwise, in Unix milliseconds. */
export interface AlertRecord extends AlertRef {
  readonly phase: AlertPhase;
  readonly severity?: Severity | undefined;
  readonly startedAtMs: number;
  readonly firedAtMs?: number | undefined;
  readonly endedAtMs?: number | undefined;
  readonly because?: string | undefined;
  /** Whether it was known only after samples had come late. */
  readonly isLate: boolean;
  readonly isFlapping: boolean;
  readonly values: Readonly<Record<string, string>>;
  /** The first one who has acknowledged it. */
  readonly acknowledged?: { readonly by: string; readonly note: string; readonly atMs: number } | undefined;
  /** The last {@link MAX_ENTRIES} events, the oldest first. */
  readonly history: readonly AlertEntry[];
}

export const MAX_ENTRIES = 100;

/** The id of the alert that an event is about; undefined if it is about none. */
export function alertIdIn(event: AlertEvent): string | undefined {
  if ('alert' in event) return event.alert.id;
  return event.type === 'AlertAcknowledged' ? event.alertId : undefined;
}

/** The alert after an event; undefined if nothing is known of it, which is so of an acknowledgement of no alert. */
export function recordAfter(before: AlertRecord | undefined, event: AlertEvent): AlertRecord | undefined {
  if (event.type === 'AlertAcknowledged') return before && acknowledged(before, event);
  if (!('alert' in event)) return before;
  const known = continued(before ?? newRecord(event.alert), event);
  return { ...known, ...event.alert, ...changeOf(known, event), history: withEntry(known, event) };
}

type AboutAlert = EventHead & ChangeOfAlert;

/** Who took care of an alert that was over does not take care of it when it begins again. */
function continued(known: AlertRecord, { type }: AboutAlert): AlertRecord {
  const beginsAgain = !isOpen(known) && (type === 'AlertPending' || type === 'AlertFired');
  return beginsAgain ? { ...known, acknowledged: undefined } : known;
}

function newRecord(alert: AlertRef): AlertRecord {
  return {
    ...alert,
    ...{ phase: 'pending', startedAtMs: 0, isLate: false, isFlapping: false, values: {}, history: [] },
  };
}

function changeOf(known: AlertRecord, event: AboutAlert): Partial<AlertRecord> {
  switch (event.type) {
    case 'AlertPending':
      return { phase: 'pending', startedAtMs: event.startedAtMs, endedAtMs: undefined };
    case 'AlertSubsided':
      return known.phase === 'pending' ? { phase: 'subsided', endedAtMs: event.atMs } : {};
    case 'AlertFired': {
      const { startedAtMs, atMs: firedAtMs, severity, because, flapping, values } = event;
      const isFlapping = flapping !== 'no';
      return {
        phase: 'firing',
        startedAtMs,
        firedAtMs,
        severity,
        because,
        values,
        isFlapping,
        endedAtMs: undefined,
      };
    }
    case 'AlertSeverityChanged':
      return { severity: event.severity };
    case 'AlertRecovering':
      return { phase: 'recovering' };
    case 'AlertFiringAgain':
      return { phase: 'firing' };
    case 'AlertResolved':
      return { phase: 'resolved', endedAtMs: event.atMs, because: event.because };
    case 'AlertRaisedLate':
    case 'AlertCorrected': {
      const { startedAtMs, firedAtMs, severity, resolvedAtMs: endedAtMs } = event;
      const phase = endedAtMs === undefined ? 'firing' : 'resolved';
      const isLate = known.isLate || event.type === 'AlertRaisedLate';
      return { phase, startedAtMs, firedAtMs, severity, endedAtMs, isLate };
    }
    case 'AlertRetracted':
      return { phase: 'retracted' };
  }
}

/** Only one that is not over can be acknowledged, and the first acknowledgement counts. All are in its history. */
function acknowledged(known: AlertRecord, event: Acknowledged): AlertRecord {
  const { by, note, receivedAtMs: atMs } = event;
  const counts = known.acknowledged === undefined && isOpen(known);
  return {
    ...known,
    ...(counts && { acknowledged: { by, note, atMs } }),
    history: withEntry(known, event),
  };
}

/** Whether an alert is going on. */
export const isOpen = ({ phase }: Pick<AlertRecord, 'phase'>): boolean =>
  phase === 'pending' || phase === 'firing' || phase === 'recovering';

type Acknowledged = EventHead & Acknowledgement;

interface Times {
  readonly startedAtMs: number;
  readonly firedAtMs: number;
}

function withEntry(known: AlertRecord, event: AboutAlert | Acknowledged): readonly AlertEntry[] {
  const { severity, because, by, note, ...times } = event as Partial<AlertEntry> & Partial<Times>;
  const atMs = times.atMs ?? times.firedAtMs ?? times.startedAtMs;
  const entry = { type: event.type, atMs, recordedAtMs: event.receivedAtMs, severity, because, by, note };
  return [...known.history, entry].slice(-MAX_ENTRIES);
}
