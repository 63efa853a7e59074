import type { Severity } from '@odograph/kernel/alert-event';
import type { AnyCondition } from './condition.ts';

/** A severity, and what an alert of a rule has it for. */
export interface Level {
  readonly severity: Severity;
  readonly when: AnyCondition;
}

/** What becomes of an alert while it is not known whether its condition holds. */
export type DoubtPolicy = 'keep' | 'alert' | 'resolve';

/** How an alert of a rule begins and ends. Durations are in milliseconds, by the clock of the rule. */
export interface Lifecycle {
  /** One or more, the least severe first. The alert has the highest severity whose condition has held for `forMs`. */
  readonly levels: readonly Level[];
  /** What ends the alert. Without it, that no level holds. */
  readonly clear?: AnyCondition | undefined;
  /** How long a condition must hold before there is an alert. */
  readonly forMs: number;
  /** How long the alert must be clear before it ends. */
  readonly keepFiringMs: number;
  /** How long an alert lasts, at least. */
  readonly leastFiringMs: number;
  /** When the rule applies. Without it, always. */
  readonly isScheduledAt?: ((atMs: number) => boolean) | undefined;
  readonly onNoData: DoubtPolicy;
  readonly onError: DoubtPolicy;
  /** With this number of alerts within the time, the vehicle is flapping: only its first alerts are worth a notification. */
  readonly flapping: { readonly alerts: number; readonly withinMs: number };
}

/** What becomes of a sample that comes after later ones were evaluated. */
export type LatePolicy = 'ignore' | 'correct' | 'reject';

/** A revision of a rule, as it is evaluated. */
export interface Rule {
  readonly id: string;
  /** What its conditions and times are made of. Revisions with the same one differ in nothing that is evaluated. */
  readonly fingerprint: string;
  readonly lifecycle: Lifecycle;
  /** What its levels look at: an alert says what they were. */
  readonly signals: readonly string[];
  /** How much earlier than the newest sample one may come and still be evaluated in its order. */
  readonly latenessMs: number;
  readonly late: LatePolicy;
  /** By which clock its conditions are evaluated: that of the vehicle, or that of the log if it is about absence. */
  readonly clock: 'event' | 'log';
  /** Which vehicles it is for: of each list that is not empty, one must name the vehicle. */
  readonly scope: Scope;
}

export interface Scope {
  readonly vehicles: readonly string[];
  readonly fleets: readonly string[];
  readonly tags: readonly string[];
}
