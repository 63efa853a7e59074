import {
  type Alert,
  AlertSeverity,
  AlertState,
  type AlertEntry as WireEntry,
  type AlertFilter as WireFilter,
} from '@odograph/contracts/generated/odograph/alerting/v1/alerts';
import type { Severity } from '@odograph/kernel/alert-event';
import { invalid } from '@odograph/platform/grpc/request-checks';
import type { AlertEntry, AlertPhase, AlertRecord } from '../domain/alert-record.ts';
import type { AlertFilter } from '../views/alert-store.ts';
import { checkNames } from './checks.ts';

const STATES: Readonly<Record<AlertPhase, AlertState>> = {
  pending: AlertState.PENDING,
  subsided: AlertState.SUBSIDED,
  firing: AlertState.FIRING,
  recovering: AlertState.RECOVERING,
  resolved: AlertState.RESOLVED,
  retracted: AlertState.RETRACTED,
};

const SEVERITIES: Readonly<Record<Severity, AlertSeverity>> = {
  info: AlertSeverity.INFO,
  warning: AlertSeverity.WARNING,
  critical: AlertSeverity.CRITICAL,
};

export const severityToWire = (severity: Severity | undefined): AlertSeverity =>
  severity === undefined ? AlertSeverity.UNSPECIFIED : SEVERITIES[severity];

export function alertToWire(record: AlertRecord): Alert {
  const { id, rule, revision, vehicleId, fleet, phase, severity, acknowledged, values } = record;
  const { startedAtMs, firedAtMs, endedAtMs, because = '', isLate, isFlapping } = record;
  return {
    ...{ id, rule, revision, vehicleId, fleet, state: STATES[phase], severity: severityToWire(severity) },
    ...{
      startedAtMs,
      firedAtMs,
      endedAtMs,
      because,
      isLate,
      isFlapping,
      values: { ...values },
      acknowledged,
    },
  };
}

/** About what an alert takes in an answer, in bytes. */
export function alertBytes({ id, rule, vehicleId, fleet, values, acknowledged }: AlertRecord): number {
  const texts = Object.entries(values).reduce(
    (sum, [name, value]) => sum + name.length + value.length + 8,
    0,
  );
  const note = (acknowledged?.by.length ?? 0) + (acknowledged?.note.length ?? 0);
  return 100 + 3 * (id.length + rule.length + vehicleId.length + fleet.length + texts + note);
}

export function entryToWire(entry: AlertEntry): WireEntry {
  const { type, atMs, recordedAtMs, severity, because = '', by = '', note = '' } = entry;
  return { type, atMs, recordedAtMs, severity: severityToWire(severity), because, by, note };
}

/** Throws a Fault INVALID_INPUT for a filter that is not right. */
export function filterOf(filter: WireFilter | undefined): AlertFilter {
  const { states = [], rules = [], vehicles = [], fleets = [], severities = [] } = filter ?? {};
  return {
    phases: states.map((state, at) => phaseOf(state, `filter.states[${at}]`)),
    rules: checkNames('filter.rules', rules),
    vehicles: checkNames('filter.vehicles', vehicles),
    fleets: checkNames('filter.fleets', fleets),
    severities: severitiesOf(severities, 'filter.severities'),
    ...{ fromMs: filter?.fromMs, toMs: filter?.toMs, isAcknowledged: filter?.isAcknowledged },
  };
}

function phaseOf(state: AlertState, field: string): AlertPhase {
  const found = Object.entries(STATES).find(([, wire]) => wire === state)?.[0];
  if (found) return found as AlertPhase;
  throw invalid(field, 'UNKNOWN_STATE', `is ${state}, but must be one of 1 to ${Object.keys(STATES).length}`);
}

export function severitiesOf(severities: readonly AlertSeverity[], field: string): readonly Severity[] {
  return severities.map((severity, at) => {
    const found = Object.entries(SEVERITIES).find(([, wire]) => wire === severity)?.[0];
    if (found) return found as Severity;
    throw invalid(`${field}[${at}]`, 'UNKNOWN_SEVERITY', `is ${severity}, but must be one of 1 to 3`);
  });
}

export const severityListToWire = (severities: readonly string[]): AlertSeverity[] =>
  severities.map((severity) => SEVERITIES[severity as Severity] ?? AlertSeverity.UNSPECIFIED);
