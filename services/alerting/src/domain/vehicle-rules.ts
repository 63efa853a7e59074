import type { RecordedSample } from '@odograph/projections/recorded-sample';
import { AbsenceRules, type AbsenceState, type LogMoment } from './absence-rules.ts';
import { Lane } from './lane.ts';
import { asTheyAre } from './lane-fit.ts';
import type { LaneFact, LaneState } from './lane-state.ts';
import type { Rule } from './rule.ts';

/** What the rules of a vehicle know of it: plain data. */
export interface VehicleState {
  /** Which rules it is of; see {@link VehicleRules.key}. */
  rules: string;
  /** By how late samples may come, and what becomes of them. */
  lanes: Record<string, LaneState>;
  absence: AbsenceState;
}

/** What became of a vehicle as time passed. Of most vehicles, nothing. */
export interface Passed {
  readonly facts: readonly LaneFact[];
  readonly isChanged: boolean;
}

/** The rules of which a vehicle is in the scope. Vehicles in the same scopes share one. */
export class VehicleRules {
  /** Names the rules and their revisions. */
  readonly key: string;
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #ofLanes: ReadonlySet<string>;
  readonly #absence: AbsenceRules;

  constructor(rules: readonly Rule[]) {
    this.key = keyOf(rules);
    const ofLanes = rules.filter(({ clock }) => clock === 'event');
    const byLane = Map.groupBy(ofLanes, laneOf);
    this.#ofLanes = new Set(ofLanes.map(({ id }) => id));
    this.#lanes = new Map(
      Array.from(byLane, ([name, [first, ...others]]) => {
        const { latenessMs, late } = first as Rule;
        return [name, new Lane({ latenessMs, late, rules: [first as Rule, ...others] })];
      }),
    );
    this.#absence = new AbsenceRules(rules.filter(({ clock }) => clock === 'log'));
  }

  initial(): VehicleState {
    const lanes = Object.fromEntries(Array.from(this.#lanes, ([name, lane]) => [name, lane.initial()]));
    return { rules: this.key, lanes, absence: this.#absence.initial() };
  }

  /** Continues with what other rules know of a vehicle. */
  continue(state: VehicleState, atMs: number): readonly LaneFact[] {
    if (state.rules === this.key) return [];
    const facts: LaneFact[] = [];
    const before = state.lanes;
    const others = { lanes: asTheyAre(Object.values(before)), remaining: this.#ofLanes };
    state.rules = this.key;
    state.lanes = {};
    for (const [name, lane] of this.#lanes) {
      const next = before[name] ?? lane.begin(others.lanes);
      state.lanes[name] = next;
      facts.push(...lane.continue(next, others));
    }
    for (const [name, known] of Object.entries(before))
      if (!this.#lanes.has(name)) facts.push(...NO_RULES.continue(known, others));
    const [lane] = Object.values(before);
    const newest = lane && { latest: lane.evaluated.latest, newestMs: lane.newestMs ?? 0 };
    facts.push(...this.#absence.continue(state.absence, atMs, newest));
    return facts;
  }

  /** Takes the samples of a report. */
  take(state: VehicleState, samples: readonly RecordedSample[], atMs: number): readonly LaneFact[] {
    const facts: LaneFact[] = [];
    for (const [name, lane] of this.#lanes)
      for (const fact of lane.take(state.lanes[name] as LaneState, samples)) facts.push(fact);
    for (const fact of this.#absence.take(state.absence, samples, { atMs, silentMs: 0 })) facts.push(fact);
    return facts;
  }

  /** Time has passed in the log. After some silence, samples that wait for others do so no longer. */
  pass(state: VehicleState, moment: LogMoment): Passed {
    const facts: LaneFact[] = [];
    const before = alertsOf(state.absence);
    let isChanged = false;
    if (moment.silentMs >= SETTLED_AFTER_MS) {
      for (const [name, lane] of this.#lanes) {
        const laneState = state.lanes[name] as LaneState;
        isChanged ||= laneState.waiting.length > 0 || laneState.late !== null;
        facts.push(...lane.settle(laneState));
      }
    }
    facts.push(...this.#absence.pass(state.absence, moment));
    return { facts, isChanged: isChanged || alertsOf(state.absence) !== before };
  }
}

/** Two ticks of the log: a sample that another one overtook in the network has come by then. */
const SETTLED_AFTER_MS = 20_000;
const NO_RULES = new Lane({ latenessMs: 0, late: 'correct', rules: [] });

const alertsOf = ({ rules }: AbsenceState): string =>
  rules.length === 0 ? '' : JSON.stringify(rules.map(({ alert }) => alert));
const laneOf = ({ latenessMs, late }: Rule): string => `${latenessMs} ${late}`;
const keyOf = (rules: readonly Rule[]): string =>
  rules.map((rule) => `${rule.id} ${rule.clock} ${laneOf(rule)} ${rule.fingerprint}`).join('\n');
