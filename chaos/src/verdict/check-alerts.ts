import { decodeEvent } from '@odograph/contracts/event-catalogue';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { formatPosition } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { firingAlerts } from '../client/alerting.ts';
import { connectHistory, readLog } from '../client/history.ts';
import type { LoggedEvent } from '../client/logged-event.ts';
import { type Violation, violationsOf } from './violation.ts';

/** The rule `fast` of the scenario fires above it. */
export const ALERT_LIMIT_KMH = 100;
const RULE = 'fast';
/** A partition may have to be evaluated again from its checkpoint. */
const AGREE_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 200;
const LEAST_EVENTS = 500;

/** What the log says of alerts has to fit together, and to be what the newest values say, on each replica of alerting. */
export async function checkAlerts(
  historyEndpoint: string,
  alertings: readonly string[],
): Promise<readonly Violation[]> {
  if (alertings.length === 0) return [];
  using history = connectHistory(historyEndpoint);
  const statuses = await Array.fromAsync(history.statuses({}));
  const fast = statuses
    .filter(({ signals }) => (signals?.speedKmh ?? 0) > ALERT_LIMIT_KMH)
    .map(({ vehicleId }) => vehicleId)
    .sort();
  const violations: Violation[] = [];
  for (const endpoint of alertings) violations.push(...(await checkReplica(endpoint, fast)));
  const events = (await readLog(history)).filter(({ event }) => event.subject.startsWith('alert/'));
  const few = events.length < LEAST_EVENTS ? [`only ${events.length} events of alerts`] : [];
  return [
    ...violations,
    ...violationsOf('there are enough alerts to prove anything', few),
    ...checkCourses(events),
    ...checkOpen(events, fast),
  ];
}

async function checkReplica(endpoint: string, fast: readonly string[]): Promise<readonly Violation[]> {
  const deadlineAtMs = performance.now() + AGREE_WITHIN_MS;
  for (;;) {
    const found = await listedBy(endpoint);
    if (typeof found !== 'string' && found.join() === fast.join()) return [];
    if (performance.now() > deadlineAtMs) {
      const listed = typeof found === 'string' ? found : found.join(' ');
      return violationsOf('each replica of alerting lists what the newest values say', [
        `${endpoint} lists ${listed}, expected ${fast.join(' ')}`,
      ]);
    }
    await pause(LOOK_AGAIN_MS);
  }
}

/** The vehicles with an alert, or why there is no answer. */
async function listedBy(endpoint: string): Promise<readonly string[] | string> {
  try {
    return (await firingAlerts(endpoint, RULE)).map(({ vehicleId }) => vehicleId).sort();
  } catch (error) {
    if (!isFault(error)) throw error;
    return `${error.code} ${error.message}`;
  }
}

type Phase = 'none' | 'pending' | 'firing' | 'recovering' | 'over';

/** What each event needs the alert to be, and what it makes of it. */
const COURSE: Readonly<Partial<Record<VehicleEvent['type'], readonly [from: readonly Phase[], to: Phase]>>> =
  {
    AlertPending: [['none'], 'pending'],
    AlertSubsided: [['pending'], 'none'],
    AlertFired: [['none', 'pending'], 'firing'],
    AlertRecovering: [['firing'], 'recovering'],
    AlertFiringAgain: [['recovering'], 'firing'],
    AlertResolved: [['firing', 'recovering'], 'over'],
    AlertRaisedLate: [['none', 'pending'], 'over'],
    AlertRetracted: [['firing', 'recovering', 'over'], 'none'],
  };

/** Follows each alert through its events: one that is there twice, or is missing, does not fit. */
function checkCourses(events: readonly LoggedEvent[]): readonly Violation[] {
  const wrong: string[] = [];
  for (const [id, own] of phasesOf(events)) for (const misfit of own.misfits) wrong.push(`${id}: ${misfit}`);
  const ids = events.map(({ event }) => `${event.subject} ${event.reportId}`);
  const doubles = ids.filter((id, at) => ids.indexOf(id) !== at);
  return [
    ...violationsOf('the events of an alert fit together', wrong),
    ...violationsOf('the log has an event of an alert once', doubles),
  ];
}

interface Course {
  phase: Phase;
  readonly rule: string;
  readonly vehicleId: string;
  readonly misfits: string[];
}

function phasesOf(events: readonly LoggedEvent[]): ReadonlyMap<string, Course> {
  const courses = new Map<string, Course>();
  for (const { event: wire, position } of events) {
    const event = decodeEvent(wire);
    if (!('alert' in event)) continue;
    const { id, rule, vehicleId } = event.alert;
    const course = courses.get(id) ?? { phase: 'none', rule, vehicleId, misfits: [] };
    courses.set(id, course);
    const [from, to] = COURSE[event.type] ?? [undefined, course.phase];
    if (from && !from.includes(course.phase))
      course.misfits.push(`${event.type} at ${formatPosition(position)} of an alert that is ${course.phase}`);
    course.phase = phaseAfter(event) ?? to;
  }
  return courses;
}

/** A revision says itself whether the alert is over. */
function phaseAfter(event: VehicleEvent): Phase | undefined {
  if (event.type !== 'AlertRaisedLate' && event.type !== 'AlertCorrected') return undefined;
  return event.resolvedAtMs === undefined ? 'firing' : 'over';
}

function checkOpen(events: readonly LoggedEvent[], fast: readonly string[]): readonly Violation[] {
  const open = [...phasesOf(events).values()]
    .filter(({ rule, phase }) => rule === RULE && (phase === 'firing' || phase === 'recovering'))
    .map(({ vehicleId }) => vehicleId)
    .sort();
  if (open.join() === fast.join()) return [];
  return violationsOf('an alert is open if the newest values say so, and only then', [
    `the log has ${open.join(' ')}, expected ${fast.join(' ')}`,
  ]);
}
