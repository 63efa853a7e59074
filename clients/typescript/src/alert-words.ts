import { Fault } from './fault.ts';
import {
  AlertSeverity as WireSeverity,
  AlertState as WireState,
} from './generated/odograph/alerting/v1/alerts.ts';

const STATES = {
  pending: WireState.PENDING,
  subsided: WireState.SUBSIDED,
  firing: WireState.FIRING,
  recovering: WireState.RECOVERING,
  resolved: WireState.RESOLVED,
  retracted: WireState.RETRACTED,
} as const;

const SEVERITIES = {
  info: WireSeverity.INFO,
  warning: WireSeverity.WARNING,
  critical: WireSeverity.CRITICAL,
} as const;

/** Where an alert is. It goes on while it is `pending`, `firing` or `recovering`. */
export type AlertState = keyof typeof STATES;
/** How bad an alert is. */
export type AlertSeverity = keyof typeof SEVERITIES;

export const ALERT_STATES = Object.keys(STATES) as readonly AlertState[];
/** The states of alerts that go on. */
export const OPEN_STATES: readonly AlertState[] = ['pending', 'firing', 'recovering'];
export const ALERT_SEVERITIES = Object.keys(SEVERITIES) as readonly AlertSeverity[];

/** `unknown` for a state that only a newer service has. */
export const stateInWords = (state: WireState): AlertState | 'unknown' => wordOf(STATES, state) ?? 'unknown';

/** Undefined before an alert fires, and for a severity that only a newer service has. */
export const severityInWords = (severity: WireSeverity): AlertSeverity | undefined =>
  wordOf(SEVERITIES, severity);

/** Throws a Fault INVALID_INPUT for a word that is not a state. */
export const statesToWire = (states: readonly AlertState[]): WireState[] =>
  states.map((state, at) => wireOf(STATES, state, `states[${at}]`));

/** Throws a Fault INVALID_INPUT for a word that is not a severity. */
export const severitiesToWire = (severities: readonly AlertSeverity[]): WireSeverity[] =>
  severities.map((severity, at) => wireOf(SEVERITIES, severity, `severities[${at}]`));

function wordOf<Word extends string, Value>(words: Readonly<Record<Word, Value>>, value: Value) {
  return (Object.keys(words) as Word[]).find((word) => words[word] === value);
}

function wireOf<Word extends string, Value>(
  words: Readonly<Record<Word, Value>>,
  word: Word,
  field: string,
): Value {
  if (Object.hasOwn(words, word)) return words[word];
  const description = `is ${JSON.stringify(word)}, but must be one of ${Object.keys(words).join(', ')}`;
  const findings = [{ field, reason: 'UNKNOWN_WORD', description }];
  throw new Fault('INVALID_INPUT', `${field} ${description}`, { findings });
}
