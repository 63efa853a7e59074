import { Fault } from '@odograph/kernel/fault';
import { KNOWN_SIGNAL_NAMES, type Signals, type SignalValue } from '@odograph/kernel/signal';
import { assertNoneMissing } from './exhaustive.ts';
import { knownToDomain, type SIGNAL_FIELDS, toWireMessage } from './generated/known-signals.ts';
import type {
  Signals as WireSignals,
  SignalValue as WireValue,
} from './generated/odograph/telemetry/v1/signals.ts';

/**
 * If this does not compile, signals.proto has a field without a row in `KNOWN_SIGNALS` (packages/kernel/src/signal.ts).
 * Without a row, the content hash would ignore the signal: of two reports that differ only in it, one would be lost.
 */
assertNoneMissing<Exclude<keyof WireSignals, 'others' | (typeof SIGNAL_FIELDS)[number]>>();

const KNOWN_NAMES: ReadonlySet<string> = new Set(KNOWN_SIGNAL_NAMES);

/**
 * The signals of a wire message by name. Their values are not checked.
 * @throws {Fault} INVALID_INPUT if a signal has a value without a kind.
 */
export function signalsToDomain(wire: WireSignals): Signals {
  const signals = knownToDomain(wire);
  for (const name of Object.keys(wire.others)) signals[name] = valueToDomain(name, wire.others[name]);
  return signals;
}

/**
 * The wire message of signals.
 * @throws {Fault} INTERNAL if a known signal has a value of another type.
 */
export function signalsToWire(signals: Signals): WireSignals {
  return toWireMessage(signals, othersToWire(signals));
}

function valueToDomain(name: string, wire: WireValue | undefined): SignalValue {
  const kind = wire?.kind;
  if (kind === undefined) throw new Fault('INVALID_INPUT', `signal ${name} has a value without a kind`);
  return kind.value;
}

function othersToWire(signals: Signals): WireSignals['others'] {
  const others: WireSignals['others'] = {};
  for (const name of Object.keys(signals)) {
    const value = KNOWN_NAMES.has(name) ? undefined : signals[name];
    if (value !== undefined) others[name] = { kind: valueToWire(value) };
  }
  return others;
}

function valueToWire(value: SignalValue): NonNullable<WireValue['kind']> {
  if (typeof value === 'number') return { $case: 'number', value };
  if (typeof value === 'boolean') return { $case: 'flag', value };
  return { $case: 'text', value };
}
