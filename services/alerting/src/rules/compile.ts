import { createHash } from 'node:crypto';
import { SEVERITIES } from '@odograph/kernel/alert-event';
import { invariant } from '@odograph/kernel/fault';
import { type AnyCondition, signalsOf } from '../domain/condition.ts';
import { absence } from '../domain/conditions/absence.ts';
import { geofence } from '../domain/conditions/geofence.ts';
import { all, any, not } from '../domain/conditions/logic.ts';
import { moved } from '../domain/conditions/moved.ts';
import { sequence } from '../domain/conditions/sequence.ts';
import { window } from '../domain/conditions/window.ts';
import type { Location } from '../domain/location.ts';
import type { Level, Rule } from '../domain/rule.ts';
import { compileExpression } from './expression.ts';
import { type Area, distanceM, fenceOf } from './fences.ts';
import {
  type ConditionDocument,
  conditionsIn,
  type GeofenceDocument,
  type RuleDocument,
} from './rule-document.ts';
import { scheduleOf } from './schedule.ts';

/** Compiles a rule that was checked. */
export function compileRule(document: RuleDocument): Rule {
  const { rule: id, scope, lateness: latenessMs, late, flapping } = document;
  const levels = levelsOf(document);
  return {
    ...{ id, scope, latenessMs, late, fingerprint: fingerprintOf(document) },
    signals: signalsOf(levels.map(({ when }) => when)),
    clock: conditionsIn(document).some(isAboutAbsence) ? 'log' : 'event',
    lifecycle: {
      levels,
      clear: document.clear === undefined ? undefined : compileCondition(document.clear),
      forMs: document.for,
      keepFiringMs: document.keep_firing_for,
      leastFiringMs: document.least_duration,
      isScheduledAt:
        document.schedule && scheduleOf({ ...document.schedule, timeZone: document.schedule.time_zone }),
      onNoData: document.no_data,
      onError: document.on_error,
      flapping: { alerts: flapping.alerts, withinMs: flapping.within },
    },
  };
}

/** Of all that decides when alerts begin and end. Short, because it is stored with each vehicle. */
function fingerprintOf({ rule: _, description, scope, receivers, ...evaluated }: RuleDocument): string {
  return createHash('sha256').update(JSON.stringify(evaluated)).digest('base64url').slice(0, 22);
}

function levelsOf({ levels, when, severity = 'warning' }: RuleDocument): readonly Level[] {
  const written = levels ?? (when === undefined ? [] : [{ severity, when }]);
  invariant(written.length > 0, 'a rule that was checked has a condition');
  return written
    .map((level): Level => ({ severity: level.severity, when: compileCondition(level.when) }))
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

const isAboutAbsence = (condition: ConditionDocument) =>
  typeof condition !== 'string' && 'no_report_for' in condition;

function compileCondition(condition: ConditionDocument): AnyCondition {
  if (typeof condition === 'string') return compiledExpression(condition);
  if ('all' in condition) return all(condition.all.map(compileCondition));
  if ('any' in condition) return any(condition.any.map(compileCondition));
  if ('not' in condition) return not(compileCondition(condition.not));
  if ('no_report_for' in condition) return absence(condition.no_report_for);
  if ('geofence' in condition) return compiledGeofence(condition.geofence);
  if ('moved' in condition) {
    const { over_m: overM, while: held } = condition.moved;
    return moved({ overM, while: compileCondition(held), distanceM });
  }
  if ('sequence' in condition) {
    const { first, next, within: withinMs, without } = condition.sequence;
    return sequence({
      ...{ first: compileCondition(first), next: compileCondition(next), withinMs },
      without: without === undefined ? undefined : compileCondition(without),
    });
  }
  const { signal, of, over: windowMs, is } = condition.window;
  return window({
    signal,
    of,
    windowMs,
    holds: COMPARISONS[is.operator as keyof typeof COMPARISONS](is.value),
  });
}

function compiledExpression(text: string): AnyCondition {
  const result = compileExpression(text);
  invariant('compiled' in result, `the expression ${text} was checked`);
  return result.compiled;
}

function compiledGeofence({ on, margin_m: marginM, dwell = 0, ...area }: GeofenceDocument): AnyCondition {
  return geofence({ fence: fenceOf(areaOf(area)), on, marginM, dwellMs: dwell, distanceM });
}

type AreaDocument = Pick<GeofenceDocument, 'circle' | 'polygon' | 'corridor'>;

function areaOf({ circle, polygon, corridor }: AreaDocument): Area {
  if (circle) return { kind: 'circle', center: locationOf(circle.center), radiusM: circle.radius_m };
  if (polygon) return { kind: 'polygon', corners: polygon.map(locationOf) };
  invariant(corridor, 'a geofence that was checked has an area');
  return { kind: 'corridor', line: corridor.line.map(locationOf), widthM: corridor.width_m };
}

const locationOf = ([latitude, longitude]: readonly [number, number]): Location => ({ latitude, longitude });

const COMPARISONS = {
  '<': (limit: number) => (value: number) => value < limit,
  '<=': (limit: number) => (value: number) => value <= limit,
  '>': (limit: number) => (value: number) => value > limit,
  '>=': (limit: number) => (value: number) => value >= limit,
  '==': (limit: number) => (value: number) => value === limit,
  '!=': (limit: number) => (value: number) => value !== limit,
};
