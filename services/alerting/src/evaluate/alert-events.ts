import type { AlertChange, AlertRef } from '@odograph/kernel/alert-event';
import { alertSubject } from '@odograph/kernel/alert-event';
import { type EventPosition, formatPosition } from '@odograph/kernel/position';
import type { AlertEvent } from '@odograph/kernel/vehicle-event';
import type { Revision } from '../domain/episodes.ts';
import type { LaneFact } from '../domain/lane-state.ts';
import type { FactOfAlert } from '../domain/lifecycle.ts';
import type { VehicleFacts } from '../domain/partition-alerts.ts';

/** The event of the log that made something happen. */
export interface Cause {
  readonly position: EventPosition;
  readonly receivedAtMs: number;
}

/**
 * The events of what happened to the alerts of a vehicle, in order. Their ids are made of where the log has their cause, so that
 * each process that evaluates it makes the same, and the log keeps each once.
 */
export function alertEvents(
  { vehicleId, fleet, facts }: VehicleFacts,
  { position, receivedAtMs }: Cause,
  revisionOf: (rule: string) => number,
): readonly AlertEvent[] {
  const vehicle = { vehicleId, fleet };
  return facts.map((each, ordinal): AlertEvent => {
    const head = {
      subject: alertSubject(vehicleId),
      reportId: `${formatPosition(position)}#${ordinal}`,
      observedAtMs: receivedAtMs,
      receivedAtMs,
    };
    return { ...head, ...changeOf(each, vehicle, revisionOf(each.rule)) };
  });
}

type Vehicle = Pick<AlertRef, 'vehicleId' | 'fleet'>;

function changeOf(each: LaneFact, { vehicleId, fleet }: Vehicle, revision: number): AlertChange {
  const { rule } = each;
  if ('rejected' in each)
    return { type: 'LateSamplesRejected', rule, vehicleId, firstAtMs: each.rejected.observedAtMs };
  const happened = 'fact' in each ? each.fact : each.revision;
  if (happened.kind === 'flapping ended')
    return { type: 'FlappingEnded', rule, vehicleId, atMs: happened.atMs };
  const id = `${rule}/${vehicleId}/${happened.id.toString(36)}`;
  const alert = { id, rule, revision, vehicleId, fleet };
  return 'fact' in each
    ? factChange(alert, happened as FactOfAlert, textsOf(each.values ?? {}))
    : revisionChange(alert, happened as Revision);
}

function factChange(
  alert: AlertRef,
  fact: FactOfAlert,
  values: Readonly<Record<string, string>>,
): AlertChange {
  const { atMs } = fact;
  switch (fact.kind) {
    case 'pending':
      return { type: 'AlertPending', alert, startedAtMs: fact.id };
    case 'subsided':
      return { type: 'AlertSubsided', alert, atMs };
    case 'fired': {
      const { startedAtMs, severity, because, flapping } = fact;
      return { type: 'AlertFired', alert, startedAtMs, atMs, severity, because, flapping, values };
    }
    case 'severity changed':
      return { type: 'AlertSeverityChanged', alert, atMs, severity: fact.severity };
    case 'recovering':
      return { type: 'AlertRecovering', alert, atMs };
    case 'firing again':
      return { type: 'AlertFiringAgain', alert, atMs };
    case 'resolved':
      return { type: 'AlertResolved', alert, atMs, because: fact.because };
  }
}

function revisionChange(alert: AlertRef, revision: Revision): AlertChange {
  if (revision.kind === 'retracted') return { type: 'AlertRetracted', alert };
  const { startedAtMs, firedAtMs, severity, resolvedAtMs } = revision;
  const type = revision.kind === 'raised late' ? 'AlertRaisedLate' : 'AlertCorrected';
  return { type, alert, startedAtMs, firedAtMs, severity, resolvedAtMs: resolvedAtMs ?? undefined };
}

const textsOf = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
