/** Which alert: unique by its id. */
export interface AlertRef {
  /** Made of the rule, the vehicle and since when the condition had held when the alert was found. */
  readonly id: string;
  readonly rule: string;
  readonly revision: number;
  readonly vehicleId: string;
  /** That of the vehicle at that time. */
  readonly fleet: string;
}

/** From the least to the most severe. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * Why an alert begins or ends: by its condition, because a signal is missing or an expression fails, by its schedule, because the
 * rule has another condition now, or because it does not apply to the vehicle any more.
 */
export type Because = 'condition' | 'no data' | 'error' | 'schedule' | 'revised' | 'removed';

/** When an alert began, fired and ended, as far as that is known. Times are by the clock of the rule, in Unix milliseconds. */
interface AlertTimes {
  readonly startedAtMs: number;
  readonly firedAtMs: number;
  readonly severity: Severity;
  readonly resolvedAtMs?: number | undefined;
}

/** What happened to an alert. Times are by the clock of the rule, in Unix milliseconds. */
export type ChangeOfAlert =
  | { readonly type: 'AlertPending'; readonly alert: AlertRef; readonly startedAtMs: number }
  | { readonly type: 'AlertSubsided'; readonly alert: AlertRef; readonly atMs: number }
  | {
      readonly type: 'AlertFired';
      readonly alert: AlertRef;
      readonly startedAtMs: number;
      readonly atMs: number;
      readonly severity: Severity;
      readonly because: Because;
      /** Whether the vehicle has had too many alerts of this rule in a short time, and since this one. */
      readonly flapping: 'no' | 'begins' | 'goes on';
      /** The signals that the rule looks at, as people read them. */
      readonly values: Readonly<Record<string, string>>;
    }
  | {
      readonly type: 'AlertSeverityChanged';
      readonly alert: AlertRef;
      readonly atMs: number;
      readonly severity: Severity;
    }
  | { readonly type: 'AlertRecovering'; readonly alert: AlertRef; readonly atMs: number }
  | { readonly type: 'AlertFiringAgain'; readonly alert: AlertRef; readonly atMs: number }
  | {
      readonly type: 'AlertResolved';
      readonly alert: AlertRef;
      readonly atMs: number;
      readonly because: Because;
    }
  | ({ readonly type: 'AlertRaisedLate'; readonly alert: AlertRef } & AlertTimes)
  | ({ readonly type: 'AlertCorrected'; readonly alert: AlertRef } & AlertTimes)
  | { readonly type: 'AlertRetracted'; readonly alert: AlertRef };

/** What happened to an alert, or to what a rule knows of a vehicle. */
export type AlertChange =
  | ChangeOfAlert
  | {
      readonly type: 'FlappingEnded';
      readonly rule: string;
      readonly vehicleId: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'LateSamplesRejected';
      readonly rule: string;
      readonly vehicleId: string;
      readonly firstAtMs: number;
    };

/** A person has seen an alert and takes care of it. The first one counts. */
export interface Acknowledgement {
  readonly type: 'AlertAcknowledged';
  readonly alertId: string;
  readonly vehicleId: string;
  readonly by: string;
  readonly note: string;
}

/** What people decide about a rule. */
export type RuleFact =
  | {
      readonly type: 'RuleCreated' | 'RuleRevised';
      /** The rule as it was written, in YAML. */
      readonly document: string;
      readonly by: string;
      readonly note: string;
    }
  | { readonly type: 'RuleEnabled' | 'RuleDisabled'; readonly by: string; readonly note: string };

/** From here on, a partition evaluates a rule as it was decided. */
export interface RuleApplication {
  readonly type: 'RuleApplied';
  readonly rule: string;
  /** That of the decision. */
  readonly version: number;
  readonly revision: number;
  /** Empty if the rule is disabled. */
  readonly document: string;
}

/** What people decide about a silence: which alerts receivers do not hear of, and when. An empty list names all. */
export type SilenceFact =
  | {
      readonly type: 'SilenceSet';
      readonly rules: readonly string[];
      readonly vehicles: readonly string[];
      readonly fleets: readonly string[];
      readonly severities: readonly string[];
      /** By our clock: Unix time in milliseconds. */
      readonly startsAtMs: number;
      readonly endsAtMs: number;
      readonly by: string;
      readonly comment: string;
    }
  | { readonly type: 'SilenceEnded'; readonly by: string };

/** The subject of the events of a vehicle's alerts. No vehicle has it, because an id of a vehicle has no slash. */
export const alertSubject = (vehicleId: string): string => `alert/${vehicleId}`;
export const ruleSubject = (rule: string): string => `rule/${rule}`;
export const silenceSubject = (id: string): string => `silence/${id}`;

/** Where the log has what people decide about rules and silences. */
export const DECISION_PARTITION = 0;
