import { SEVERITIES } from '@odograph/kernel/alert-event';
import { nearestName } from '@odograph/kernel/nearest-name';
import { isSignalName, KNOWN_SIGNAL_NAMES } from '@odograph/kernel/signal';
import * as v from 'valibot';
import {
  choice,
  duration,
  expected,
  fields,
  LONGEST_MS,
  name,
  nameOf,
  number,
  positiveDuration,
  text,
  wholeNumber,
} from '../documents/fields.ts';
import { compileExpression } from './expression.ts';

/** A rule as people write it, in YAML or JSON. {@link ruleDocument} checks it, and reads its durations as milliseconds. */
export type RuleDocument = v.InferOutput<typeof ruleDocument>;

export const RULE_LIMITS = {
  characters: 32_768,
  ...{ nameLength: 100, descriptionLength: 1_000, scopeNames: 256, receivers: 16 },
  ...{ conditions: 32, depth: 8, corners: 500, degrees: 20 },
  /** What is longer is a statistic, not an alert. */
  longestMs: LONGEST_MS,
};

const SCOPE_NAME = /^[A-Za-z0-9._:-]{1,128}$/;
const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const COMPARISON = /^\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/;
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** CEL, checked now and compiled when the rule is used. */
const expression = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const result = compileExpression(dataset.value);
    if ('compiled' in result) return;
    const { description, at } = result.fault;
    addIssue({ message: `${description} (at character ${at.start + 1})` });
  }),
);

const comparison = v.pipe(
  text("a comparison with a number, such as '> 10'", COMPARISON),
  v.transform((written) => {
    const [, operator, value] = COMPARISON.exec(written) as unknown as [string, string, string];
    return { operator, value: Number(value) };
  }),
);

/** Nearer to the poles, a degree of longitude is too short to measure with. */
const location = v.strictTuple([number('a latitude', -85, 85), number('a longitude', -180, 180)], (issue) =>
  expected('[latitude, longitude]', issue.received),
);

const locations = (least: number) =>
  v.pipe(
    v.array(location, (issue) => expected('a list of [latitude, longitude]', issue.received)),
    v.minLength(least, `must have at least ${least} locations`),
    v.maxLength(RULE_LIMITS.corners, `must have at most ${RULE_LIMITS.corners} locations`),
    v.check(
      ([[latitude, longitude] = [0, 0], ...others]) =>
        others.every(
          (other) =>
            Math.abs(other[0] - latitude) <= RULE_LIMITS.degrees &&
            Math.abs(eastwards(longitude, other[1])) <= RULE_LIMITS.degrees,
        ),
      `must have its locations within ${RULE_LIMITS.degrees} degrees of the first one`,
    ),
  );

function eastwards(from: number, to: number): number {
  return to - from - 360 * Math.round((to - from) / 360);
}

const geofenceFields = fields({
  on: choice(['inside', 'outside', 'enter', 'exit', 'cross', 'dwell']),
  circle: v.optional(fields({ center: location, radius_m: number('a radius', 10, 50_000) })),
  polygon: v.optional(locations(3)),
  corridor: v.optional(fields({ line: locations(2), width_m: number('a width', 20, 50_000) })),
  margin_m: v.optional(number('a margin', 1, 1_000), 25),
  dwell: v.optional(positiveDuration),
});

const geofence = v.pipe(
  geofenceFields,
  v.check(
    ({ circle, polygon, corridor }) =>
      [circle, polygon, corridor].filter((area) => area !== undefined).length === 1,
    'must have one of circle, polygon and corridor',
  ),
  v.check(
    ({ on, dwell }) => (on === 'dwell') === (dwell !== undefined),
    'must have dwell if on is dwell, and only then',
  ),
  v.check(
    ({ circle, corridor, margin_m: marginM }) =>
      marginM < Math.min(circle?.radius_m ?? Infinity, (corridor?.width_m ?? Infinity) / 2),
    'must be wider than its margin_m on both sides',
  ),
);

const WINDOW_FUNCTIONS = ['average', 'count', 'sum', 'minimum', 'maximum', 'change', 'rise', 'drop'] as const;

/** What a rule waits for. A text is an expression, and anything else an object with one of these fields. */
export type ConditionDocument =
  | string
  | { readonly window: WindowDocument }
  | { readonly no_report_for: number }
  | { readonly geofence: GeofenceDocument }
  | { readonly moved: { readonly over_m: number; readonly while: ConditionDocument } }
  | { readonly sequence: SequenceDocument }
  | { readonly all: readonly ConditionDocument[] }
  | { readonly any: readonly ConditionDocument[] }
  | { readonly not: ConditionDocument };

export type GeofenceDocument = v.InferOutput<typeof geofence>;
export type WindowDocument = v.InferOutput<typeof windowFields>;
export interface SequenceDocument {
  readonly first: ConditionDocument;
  readonly next: ConditionDocument;
  readonly within: number;
  readonly without?: ConditionDocument | undefined;
}

/** A path may have any values: what is not a number makes the condition an error. */
const signalOfNumbers = v.pipe(
  v.string('must be the name of a signal'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || isSignalName(dataset.value)) return;
    const nearest = nearestName(dataset.value, KNOWN_SIGNAL_NAMES);
    addIssue({
      message: `is not a signal: ${nearest ? `did you mean ${nearest}?` : 'use a name of docs/signals.md'}`,
    });
  }),
);

const windowFields = fields({
  signal: signalOfNumbers,
  of: choice(WINDOW_FUNCTIONS),
  over: positiveDuration,
  is: comparison,
});

const condition: v.GenericSchema<unknown, ConditionDocument> = v.lazy((input) => {
  if (typeof input === 'string') return expression;
  return conditionObject;
}) as v.GenericSchema<unknown, ConditionDocument>;

const conditions = v.pipe(
  v.array(condition, (issue) => expected('a list of conditions', issue.received)),
  v.minLength(1, 'must have a condition'),
  v.maxLength(RULE_LIMITS.conditions, `must have at most ${RULE_LIMITS.conditions} conditions`),
);

const CONDITION_FIELDS = {
  window: v.optional(windowFields),
  no_report_for: v.optional(
    v.pipe(duration, v.minValue(60_000, 'must be at least 1m: the log has the time every 10 s')),
  ),
  geofence: v.optional(geofence),
  moved: v.optional(fields({ over_m: number('metres', 10, 1_000_000), while: condition })),
  sequence: v.optional(
    fields({ first: condition, next: condition, within: positiveDuration, without: v.optional(condition) }),
  ),
  all: v.optional(conditions),
  any: v.optional(conditions),
  not: v.optional(condition),
};

const conditionObject = v.pipe(
  fields(CONDITION_FIELDS),
  v.check(
    (written) => Object.values(written).filter((value) => value !== undefined).length === 1,
    `must be an expression such as speed_kmh > 130, or have one of ${Object.keys(CONDITION_FIELDS).join(', ')}`,
  ),
);

const names = (pattern: RegExp, what: string) =>
  v.optional(
    v.pipe(
      v.array(text(what, pattern), (issue) => expected('a list', issue.received)),
      v.maxLength(RULE_LIMITS.scopeNames, `must have at most ${RULE_LIMITS.scopeNames} names`),
    ),
    [],
  );

const doubt = v.optional(choice(['keep', 'alert', 'resolve']), 'keep');

const schedule = fields({
  time_zone: v.pipe(
    v.string('must be a time zone such as Europe/Berlin'),
    v.check(isTimeZone, (issue) => expected('a time zone such as Europe/Berlin', issue.received)),
  ),
  days: v.optional(v.pipe(v.array(choice(DAYS)), v.minLength(1, 'must have a day')), [...DAYS]),
  from: v.optional(text("a time such as '08:00'", CLOCK_TIME), '00:00'),
  /** Not later than `from`: on the next day. */
  to: v.optional(text("a time such as '18:00'", CLOCK_TIME), '00:00'),
});

export const ruleFields = {
  rule: name,
  description: v.optional(v.pipe(v.string(), v.maxLength(RULE_LIMITS.descriptionLength)), ''),
  scope: v.optional(
    fields({
      vehicles: names(SCOPE_NAME, 'the id of a vehicle'),
      fleets: names(SCOPE_NAME, 'the name of a fleet'),
      tags: names(SCOPE_NAME, 'a tag'),
    }),
    { vehicles: [], fleets: [], tags: [] },
  ),
  severity: v.optional(choice(SEVERITIES)),
  when: v.optional(condition),
  levels: v.optional(
    v.pipe(
      v.array(fields({ severity: choice(SEVERITIES), when: condition })),
      v.minLength(1, 'must have a level'),
    ),
  ),
  clear: v.optional(condition),
  for: v.optional(duration, '0s'),
  keep_firing_for: v.optional(duration, '0s'),
  least_duration: v.optional(duration, '0s'),
  schedule: v.optional(schedule),
  lateness: v.optional(v.pipe(duration, v.maxValue(300_000, 'must be at most 5m')), '5s'),
  late: v.optional(choice(['correct', 'ignore', 'reject']), 'correct'),
  no_data: doubt,
  on_error: doubt,
  flapping: v.optional(
    fields({ alerts: wholeNumber('a number of alerts', 2, 100), within: positiveDuration }),
    {
      alerts: 2,
      within: '15m',
    },
  ),
  receivers: v.optional(v.pipe(v.array(nameOf('a receiver')), v.maxLength(RULE_LIMITS.receivers)), []),
};

export const ruleDocument = v.pipe(
  fields(ruleFields),
  v.check(
    ({ severity, when, levels }) =>
      levels ? severity === undefined && when === undefined : when !== undefined,
    'must have when, and may have severity; or levels instead of both',
  ),
  v.check(
    (rule) => conditionsIn(rule).length <= RULE_LIMITS.conditions,
    `must have at most ${RULE_LIMITS.conditions} conditions in all`,
  ),
  v.check((rule) => {
    const kinds = conditionsIn(rule).flatMap((each) => (typeof each === 'string' ? [] : Object.keys(each)));
    return !kinds.includes('no_report_for') || !kinds.some((kind) => OF_SAMPLES.has(kind));
  }, 'may have no_report_for beside expressions only: nothing comes while a vehicle is silent'),
);

/** The conditions that are about how samples follow each other. */
const OF_SAMPLES: ReadonlySet<string> = new Set(['window', 'geofence', 'moved', 'sequence']);

interface Conditions {
  readonly when?: ConditionDocument | undefined;
  readonly levels?: readonly { readonly when: ConditionDocument }[] | undefined;
  readonly clear?: ConditionDocument | undefined;
}

/** All conditions of a rule, with those that others are made of. */
export function conditionsIn({ levels = [], when, clear }: Conditions): readonly ConditionDocument[] {
  const whole = [when, clear, ...levels.map((level) => level.when)];
  return whole.flatMap((condition) => (condition === undefined ? [] : withParts(condition)));
}

function withParts(condition: ConditionDocument): readonly ConditionDocument[] {
  return [condition, ...(typeof condition === 'string' ? [] : partsOf(condition).flatMap(withParts))];
}

function partsOf(condition: Exclude<ConditionDocument, string>): readonly ConditionDocument[] {
  if ('all' in condition) return condition.all;
  if ('any' in condition) return condition.any;
  if ('not' in condition) return [condition.not];
  if ('moved' in condition) return [condition.moved.while];
  if (!('sequence' in condition)) return [];
  const { first, next, without } = condition.sequence;
  return without === undefined ? [first, next] : [first, next, without];
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    // That is how the runtime says that it does not know it.
    return false;
  }
}
