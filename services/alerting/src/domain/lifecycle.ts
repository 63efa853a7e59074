import type { Because, Severity } from '@odograph/kernel/alert-event';
import type { Moment, Truth } from './condition.ts';
import { plainCopy } from './plain-copy.ts';
import type { DoubtPolicy, Level, Lifecycle } from './rule.ts';

export type Phase = 'inactive' | 'pending' | 'firing' | 'recovering';

/** What is known of an alert that is firing or recovering. Times are those of the rule's clock. */
export interface Alert {
  /** Since when its condition holds: with the rule and the vehicle, this identifies the alert. */
  readonly id: number;
  readonly firedAtMs: number;
  severity: Severity;
}

/** The state of one rule for one vehicle: plain data, changed in place. */
export interface AlertState {
  phase: Phase;
  /** Since when it is in this phase. */
  sinceMs: number;
  /** Whether it was said that it is pending. */
  isPendingTold: boolean;
  /** Since when the level of each severity has held without a break; null if it does not hold. */
  heldSinceMs: Partial<Record<Severity, number | null>>;
  levels: unknown[];
  clear: unknown;
  alert: Alert | null;
  /** When the last alerts fired, as far as they count for flapping. */
  firedAtMs: number[];
  isFlapping: boolean;
}

interface FactHead {
  /** By the clock of the rule. */
  readonly atMs: number;
  /** That of the alert: since when its condition holds. */
  readonly id: number;
}

/** What happened to an alert, or that a vehicle is not flapping any more. */
export type AlertFact = FactOfAlert | { readonly kind: 'flapping ended'; readonly atMs: number };

/** What happened to an alert. */
export type FactOfAlert =
  | (FactHead & { readonly kind: 'pending' | 'subsided' })
  | (FactHead & {
      readonly kind: 'fired';
      /** Since when its condition has held. */
      readonly startedAtMs: number;
      readonly severity: Severity;
      readonly because: Because;
      /** Whether the vehicle is flapping, and since this alert. */
      readonly flapping: 'no' | 'begins' | 'goes on';
    })
  | (FactHead & { readonly kind: 'severity changed'; readonly severity: Severity })
  | (FactHead & { readonly kind: 'recovering' })
  | (FactHead & { readonly kind: 'firing again' })
  | (FactHead & { readonly kind: 'resolved'; readonly because: Because });

export function initialState({ levels, clear }: Lifecycle): AlertState {
  return {
    ...{ phase: 'inactive', sinceMs: 0, isPendingTold: false, alert: null, firedAtMs: [], isFlapping: false },
    levels: levels.map(({ when }) => when.initial()),
    heldSinceMs: Object.fromEntries(levels.map(({ severity }) => [severity, null])),
    clear: clear?.initial() ?? null,
  };
}

/** Another revision of the rule goes on with the alert, and with what has held. Its conditions begin from nothing. */
export function carriedOver(rule: Lifecycle, before: AlertState): AlertState {
  const { phase, sinceMs, isPendingTold, alert, firedAtMs, isFlapping } = plainCopy(before);
  const state = { ...initialState(rule), phase, sinceMs, isPendingTold, alert, firedAtMs, isFlapping };
  for (const { severity } of rule.levels) state.heldSinceMs[severity] = before.heldSinceMs[severity] ?? null;
  return state;
}

/** Whether it says no more than the initial state does from this time on, as far as conditions keep no state. */
export function isAtRest({ levels, flapping }: Lifecycle, state: AlertState, atMs: number): boolean {
  if (state.phase !== 'inactive' || state.isFlapping) return false;
  for (const { severity } of levels) if (state.heldSinceMs[severity] !== null) return false;
  return (state.firedAtMs.at(-1) ?? 0) <= atMs - flapping.withinMs || state.firedAtMs.length === 0;
}

/** Whether a rule that is at rest is so after this moment too. Only for conditions that keep no state: it asks them, and no more. */
export function staysAtRest(rule: Lifecycle, moment: Moment): boolean {
  const { levels } = rule;
  let truth: Truth = false;
  for (let at = 0; at < levels.length; at += 1)
    truth = worse(truth, (levels[at] as Level).when.evaluate(null, moment));
  if (truth === false) return true;
  if (rule.isScheduledAt && !rule.isScheduledAt(moment.atMs)) return true;
  if (truth === 'unknown') return rule.onNoData !== 'alert';
  return truth === 'error' && rule.onError !== 'alert';
}

const NOTHING: readonly AlertFact[] = [];
/** What is pending for a shorter time is not worth an event: a value at its limit would make one each second. */
const PENDING_TOLD_AFTER_MS = 10_000;

/** Takes the next moment. Changes the state, and returns what happened, in order. */
export function advance(rule: Lifecycle, state: AlertState, moment: Moment): readonly AlertFact[] {
  const seen = look(rule, state, moment);
  if (seen === 'kept') return NOTHING;
  // By far most moments: a rule that does not hold, of a vehicle without an alert.
  if (state.phase === 'inactive' && !seen.isActive && !state.isFlapping) return NOTHING;
  return new Step(rule, state, moment.atMs, seen).take();
}

/** What is pending otherwise than it was said to be. */
export function pendingChange(
  before: AlertState | undefined,
  after: AlertState | undefined,
  atMs: number,
): readonly AlertFact[] {
  const [old, id] = [before, after].map((state) => (state?.isPendingTold ? state.sinceMs : undefined));
  if (old === id) return NOTHING;
  const facts: AlertFact[] = [];
  if (old !== undefined && after?.alert?.id !== old) facts.push({ kind: 'subsided', atMs, id: old });
  if (id !== undefined) facts.push({ kind: 'pending', atMs, id });
  return facts;
}

interface Seen {
  readonly isActive: boolean;
  readonly isClear: boolean;
  readonly because: Because;
}

const INACTIVE: Seen = { isActive: false, isClear: true, because: 'condition' };
const OUT_OF_SCHEDULE: Seen = { isActive: false, isClear: true, because: 'schedule' };

/** Evaluates every condition, because their states depend on each moment. `kept`: the policy leaves the alert as it is. */
function look(rule: Lifecycle, state: AlertState, moment: Moment): Seen | 'kept' {
  let truth: Truth = false;
  const { levels } = rule;
  for (let at = 0; at < levels.length; at += 1) {
    const { severity, when } = levels[at] as Level;
    const level = when.evaluate(state.levels[at], moment);
    if (level === true) state.heldSinceMs[severity] ??= moment.atMs;
    else if (level === false && state.heldSinceMs[severity] !== null) state.heldSinceMs[severity] = null;
    truth = worse(truth, level);
  }
  const clear = rule.clear?.evaluate(state.clear, moment) ?? true;
  if (rule.isScheduledAt && !rule.isScheduledAt(moment.atMs)) {
    holdNothing(rule, state);
    return OUT_OF_SCHEDULE;
  }
  if (truth === 'unknown') return inDoubt(rule, state, { policy: rule.onNoData, because: 'no data' }, moment);
  if (truth === 'error') return inDoubt(rule, state, { policy: rule.onError, because: 'error' }, moment);
  if (truth) return { isActive: true, isClear: false, because: 'condition' };
  return clear === true ? INACTIVE : { isActive: false, isClear: false, because: 'condition' };
}

/** What holds of a level counts for the alert, whatever is not known of the others. */
function worse(one: Truth, other: Truth): Truth {
  if (one === true || other === true) return true;
  if (one === 'error' || other === 'error') return 'error';
  return one === 'unknown' ? one : other;
}

interface Doubt {
  readonly policy: DoubtPolicy;
  readonly because: Because;
}

function inDoubt(
  rule: Lifecycle,
  state: AlertState,
  { policy, because }: Doubt,
  { atMs }: Moment,
): Seen | 'kept' {
  if (policy === 'keep') return 'kept';
  if (policy === 'resolve') {
    holdNothing(rule, state);
    return { isActive: false, isClear: true, because };
  }
  const [{ severity }] = rule.levels as [Level];
  state.heldSinceMs[severity] ??= atMs;
  return { isActive: true, isClear: false, because };
}

function holdNothing({ levels }: Lifecycle, state: AlertState): void {
  for (const { severity } of levels) state.heldSinceMs[severity] = null;
}

/** One moment of an alert. */
class Step {
  readonly #rule: Lifecycle;
  readonly #state: AlertState;
  readonly #atMs: number;
  readonly #seen: Seen;
  readonly #facts: AlertFact[] = [];

  constructor(rule: Lifecycle, state: AlertState, atMs: number, seen: Seen) {
    this.#rule = rule;
    this.#state = state;
    this.#atMs = atMs;
    this.#seen = seen;
  }

  take(): readonly AlertFact[] {
    const { phase } = this.#state;
    this.#calmDown();
    if (phase === 'inactive' || phase === 'pending') this.#wait();
    else this.#goOn(this.#state.alert as Alert);
    return this.#facts;
  }

  #enter(phase: Phase): void {
    this.#state.phase = phase;
    this.#state.sinceMs = this.#atMs;
  }

  /** An alert begins once a level has held for long enough. */
  #wait(): void {
    const state = this.#state;
    if (!this.#seen.isActive) {
      if (state.phase === 'pending') this.#subside();
      return;
    }
    if (state.phase === 'inactive') this.#enter('pending');
    const severity = this.#heldLevel();
    if (severity) this.#fire(severity);
    else if (!state.isPendingTold && this.#atMs - state.sinceMs >= PENDING_TOLD_AFTER_MS) {
      state.isPendingTold = true;
      this.#facts.push({ kind: 'pending', atMs: this.#atMs, id: state.sinceMs });
    }
  }

  #subside(): void {
    const { isPendingTold, sinceMs: id } = this.#state;
    if (isPendingTold) this.#facts.push({ kind: 'subsided', atMs: this.#atMs, id });
    this.#state.isPendingTold = false;
    this.#enter('inactive');
  }

  #fire(severity: Severity): void {
    const state = this.#state;
    const atMs = this.#atMs;
    const id = state.sinceMs;
    state.alert = { id, firedAtMs: atMs, severity };
    state.isPendingTold = false;
    this.#enter('firing');
    const { alerts, withinMs } = this.#rule.flapping;
    state.firedAtMs = [...state.firedAtMs.filter((earlierMs) => earlierMs > atMs - withinMs), atMs].slice(
      -alerts,
    );
    const wasFlapping = state.isFlapping;
    state.isFlapping ||= state.firedAtMs.length >= alerts;
    const since = wasFlapping ? 'goes on' : 'begins';
    const flapping = state.isFlapping ? since : 'no';
    this.#facts.push({
      kind: 'fired',
      atMs,
      id,
      startedAtMs: id,
      severity,
      because: this.#seen.because,
      flapping,
    });
  }

  #goOn(alert: Alert): void {
    const state = this.#state;
    const { isActive, isClear } = this.#seen;
    const head = { atMs: this.#atMs, id: alert.id };
    if (state.phase === 'recovering' && !isClear) {
      this.#enter('firing');
      this.#facts.push({ kind: 'firing again', ...head });
    }
    const severity = isActive ? this.#heldLevel() : undefined;
    if (severity && severity !== alert.severity) {
      alert.severity = severity;
      this.#facts.push({ kind: 'severity changed', ...head, severity });
    }
    if (isClear) this.#recover(alert, head);
  }

  #recover({ firedAtMs }: Alert, head: FactHead): void {
    const state = this.#state;
    const { keepFiringMs, leastFiringMs } = this.#rule;
    // A rule that does not apply any more has nothing to wait for.
    const isOver = this.#seen.because !== 'condition';
    if (!isOver && head.atMs < firedAtMs + leastFiringMs) return;
    if (state.phase === 'firing' && !isOver && keepFiringMs > 0) {
      this.#enter('recovering');
      this.#facts.push({ kind: 'recovering', ...head });
      return;
    }
    if (state.phase === 'recovering' && !isOver && head.atMs < state.sinceMs + keepFiringMs) return;
    state.alert = null;
    this.#enter('inactive');
    this.#facts.push({ kind: 'resolved', ...head, because: this.#seen.because });
  }

  /** The highest severity whose condition has held for long enough. */
  #heldLevel(): Severity | undefined {
    const { levels, forMs } = this.#rule;
    const isHeld = ({ severity }: Level) => {
      const sinceMs = this.#state.heldSinceMs[severity] ?? null;
      return sinceMs !== null && this.#atMs - sinceMs >= forMs;
    };
    return levels.findLast(isHeld)?.severity;
  }

  #calmDown(): void {
    const state = this.#state;
    const last = state.firedAtMs.at(-1) ?? 0;
    if (!state.isFlapping || state.alert || this.#atMs < last + this.#rule.flapping.withinMs) return;
    state.isFlapping = false;
    state.firedAtMs = [];
    this.#facts.push({ kind: 'flapping ended', atMs: this.#atMs });
  }
}
