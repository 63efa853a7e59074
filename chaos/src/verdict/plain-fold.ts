import { TelemetryReported } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { Signals } from '@odograph/contracts/generated/odograph/telemetry/v1/signals';
import type { LoggedEvent } from '../client/logged-event.ts';

/** The status and samples of one vehicle. They are computed as simply as possible, without the platform's projections. */
export interface PlainView {
  /** For each signal its value and the time at which it was observed. */
  readonly status: ReadonlyMap<string, readonly [value: Value, observedAtMs: number]>;
  /** Sorted by observed time, then by report id. */
  readonly samples: readonly (readonly [observedAtMs: number, reportId: string, signals: PlainSignals])[];
  readonly lastReceivedAtMs: number;
}

type Value = number | boolean;
type PlainSignals = Readonly<Record<string, Value>>;

/** Folds events, in any order, into one view for each vehicle. */
export function foldPlainly(events: readonly LoggedEvent[]): ReadonlyMap<string, PlainView> {
  const byVehicle = Map.groupBy(events, ({ event }) => event.subject);
  return new Map([...byVehicle].map(([vehicle, own]) => [vehicle, foldVehicle(own)]));
}

function foldVehicle(events: readonly LoggedEvent[]): PlainView {
  const samples = new Map<string, readonly [number, string, PlainSignals]>();
  for (const { event } of events) {
    if (event.type !== 'TelemetryReported') continue;
    for (const { observedAtMs, signals } of TelemetryReported.decode(event.payload).samples) {
      const key = `${String(observedAtMs).padStart(16, '0')} ${event.reportId}`;
      const [, , held = {}] = samples.get(key) ?? [];
      samples.set(key, [observedAtMs, event.reportId, greaterOf(held, plainSignals(signals))]);
    }
  }
  const inOrder = [...samples].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sample]) => sample);
  const status = new Map<string, readonly [Value, number]>();
  for (const [observedAtMs, , signals] of inOrder) {
    for (const [name, value] of Object.entries(signals)) status.set(name, [value, observedAtMs]);
  }
  return {
    status,
    samples: inOrder,
    lastReceivedAtMs: Math.max(...events.map(({ event }) => event.receivedAtMs)),
  };
}

/** If two reports have the same key, the greater value of each signal wins. */
function greaterOf(a: PlainSignals, b: PlainSignals): PlainSignals {
  const greater = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const held = greater[name];
    if (held === undefined || value > held) greater[name] = value;
  }
  return greater;
}

/** The known signals under their public names. */
export function plainSignals(signals: Signals | undefined): PlainSignals {
  const { others, ...known } = signals ?? { others: {} };
  const named = Object.entries(known).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named.map(([field, value]) => [snakeCase(field), value as Value]));
}

const snakeCase = (field: string) => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
