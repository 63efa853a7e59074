import {
  type AlertSeverity,
  type AlertState,
  severitiesToWire,
  severityInWords,
  stateInWords,
  statesToWire,
} from './alert-words.ts';
import type {
  NoticeInfo,
  Alert as WireAlert,
  AlertEntry as WireEntry,
  AlertFilter as WireFilter,
} from './generated/odograph/alerting/v1/alerts.ts';
import type {
  Silence as WireSilence,
  SilenceTerms as WireTerms,
} from './generated/odograph/alerting/v1/silences.ts';

/** An alert. Times are by the clock of its rule, Unix time in milliseconds: that of the vehicle, or for absence that of the log. */
export interface Alert extends Omit<WireAlert, 'state' | 'severity'> {
  readonly state: AlertState | 'unknown';
  /** Undefined before it fires. */
  readonly severity: AlertSeverity | undefined;
}

/** An event of an alert. */
export interface AlertEntry extends Omit<WireEntry, 'severity'> {
  /** The severity after it; undefined if it says nothing about it. */
  readonly severity: AlertSeverity | undefined;
}

/** An alert with its last 100 events and its notices to receivers, the oldest first. */
export interface AlertWithHistory {
  readonly alert: Alert;
  readonly history: readonly AlertEntry[];
  readonly notices: readonly NoticeInfo[];
}

/** Conditions by name. An alert must meet each that is given; an empty or missing list names all. */
interface AlertNames {
  /** The names of their rules, at most 256, as of the other lists. */
  readonly rules?: readonly string[] | undefined;
  readonly vehicles?: readonly string[] | undefined;
  readonly fleets?: readonly string[] | undefined;
  readonly severities?: readonly AlertSeverity[] | undefined;
}

/** Which alerts: those that meet all conditions. */
export interface AlertFilter extends AlertNames {
  readonly states?: readonly AlertState[] | undefined;
  /** Only those that began from this time on: Unix time in milliseconds. */
  readonly fromMs?: number | undefined;
  /** Only those that began before this time: Unix time in milliseconds. */
  readonly toMs?: number | undefined;
  /** Only those that are acknowledged, or only those that are not. */
  readonly isAcknowledged?: boolean | undefined;
}

/** Which alerts a silence is for, and when. At least one list must have a name. */
export interface SilenceTerms extends AlertNames {
  /** From when on, by the clock of the platform: Unix time in milliseconds. */
  readonly startsAtMs: number;
  /** Until when: Unix time in milliseconds, at most a year after it starts. */
  readonly endsAtMs: number;
}

export interface Silence extends Omit<WireSilence, 'terms'> {
  readonly terms: { readonly [Name in keyof SilenceTerms]-?: NonNullable<SilenceTerms[Name]> };
}

export interface AlertPage {
  readonly alerts: readonly Alert[];
  /** Empty: it is the last page. */
  readonly nextPageToken: string;
}

/** Alerts that are going on, or that have changed. */
export interface WatchedAlerts {
  readonly alerts: readonly Alert[];
  /** Whether all that were going on at the beginning have been sent. */
  readonly isCaughtUp: boolean;
  /** Alerts that do not meet the conditions any more, for example because a person takes care of them. */
  readonly leftIds: readonly string[];
  /** Forget what came before: all that are going on follow, and no other. So at first, after each disconnect, and if it was slow. */
  readonly beginsAgain: boolean;
}

export interface SilencePage {
  readonly silences: readonly Silence[];
  /** Empty: it is the last page. */
  readonly nextPageToken: string;
}

/** The alerts that a silence would have been for. */
export interface SilencePreview {
  /** The newest 100 of them. */
  readonly alerts: readonly Alert[];
  /** How many there are, up to 10,000. */
  readonly count: number;
}

export function alertOf({ state, severity, ...alert }: WireAlert): Alert {
  return { ...alert, state: stateInWords(state), severity: severityInWords(severity) };
}

export function entryOf({ severity, ...entry }: WireEntry): AlertEntry {
  return { ...entry, severity: severityInWords(severity) };
}

/** Throws a Fault INVALID_INPUT for a state or severity that does not exist. */
export function filterToWire({
  states = [],
  fromMs,
  toMs,
  isAcknowledged,
  ...names
}: AlertFilter): WireFilter {
  return { states: statesToWire(states), ...namesToWire(names), fromMs, toMs, isAcknowledged };
}

/** Throws a Fault INVALID_INPUT for a severity that does not exist. */
export function termsToWire({ startsAtMs, endsAtMs, ...names }: SilenceTerms): WireTerms {
  return { ...namesToWire(names), startsAtMs, endsAtMs };
}

export function silenceOf({ terms, ...silence }: WireSilence): Silence {
  const { rules = [], vehicles = [], fleets = [], severities = [] } = terms ?? {};
  const { startsAtMs = 0, endsAtMs = 0 } = terms ?? {};
  const known = severities.flatMap((severity) => severityInWords(severity) ?? []);
  return { ...silence, terms: { rules, vehicles, fleets, severities: known, startsAtMs, endsAtMs } };
}

function namesToWire({ rules = [], vehicles = [], fleets = [], severities = [] }: AlertNames) {
  const names = { rules: [...rules], vehicles: [...vehicles], fleets: [...fleets] };
  return { ...names, severities: severitiesToWire(severities) };
}
