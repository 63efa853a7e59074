import type { AnyCondition } from './condition.ts';

/** From the least to the most severe. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

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
