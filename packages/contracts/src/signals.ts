import { Fault } from '@odograph/kernel/fault';
import {
  KNOWN_SIGNAL_NAMES,
  type KnownSignalName,
  type Signals,
  type SignalValue,
} from '@odograph/kernel/signal';
import type {
  Signals as WireSignals,
  SignalValue as WireValue,
} from './generated/odograph/telemetry/v1/signals.ts';

// Known names are spelled out here, field by field and not by table: all of it runs for every sample.

type KnownSignals = { [N in KnownSignalName]?: SignalValue };

const KNOWN_NAMES: ReadonlySet<string> = new Set(KNOWN_SIGNAL_NAMES);

/**
 * The signals of a sample by name, from their form on the wire. Judges no value: the door does.
 * @throws {Fault} INVALID_INPUT where a signal has a value of no kind.
 */
export function signalsToDomain(wire: WireSignals): Signals {
  const signals = knownToDomain(wire);
  for (const name of Object.keys(wire.others)) signals[name] = valueToDomain(name, wire.others[name]);
  return signals;
}

/** Those of them that have a field of their own. */
export function knownToDomain(wire: WireSignals): Record<string, SignalValue> {
  const signals: Record<string, SignalValue> & KnownSignals = {};
  if (wire.batteryLevelPct !== undefined) signals.battery_level_pct = wire.batteryLevelPct;
  if (wire.fuelLevelPct !== undefined) signals.fuel_level_pct = wire.fuelLevelPct;
  if (wire.odometerKm !== undefined) signals.odometer_km = wire.odometerKm;
  if (wire.latitudeDeg !== undefined) signals.latitude_deg = wire.latitudeDeg;
  if (wire.longitudeDeg !== undefined) signals.longitude_deg = wire.longitudeDeg;
  if (wire.headingDeg !== undefined) signals.heading_deg = wire.headingDeg;
  if (wire.speedKmh !== undefined) signals.speed_kmh = wire.speedKmh;
  if (wire.doorsLocked !== undefined) signals.doors_locked = wire.doorsLocked;
  if (wire.engineRunning !== undefined) signals.engine_running = wire.engineRunning;
  if (wire.charging !== undefined) signals.charging = wire.charging;
  if (wire.altitudeM !== undefined) signals.altitude_m = wire.altitudeM;
  if (wire.rangeKm !== undefined) signals.range_km = wire.rangeKm;
  if (wire.ambientTemperatureC !== undefined) signals.ambient_temperature_c = wire.ambientTemperatureC;
  if (wire.ambientHumidityPct !== undefined) signals.ambient_humidity_pct = wire.ambientHumidityPct;
  return signals;
}

/**
 * Signals in their form on the wire.
 * @throws {Fault} INTERNAL where a known signal has a value that is not of its kind.
 */
export function signalsToWire(signals: Signals): WireSignals {
  const known: KnownSignals = signals;
  return {
    batteryLevelPct: numberOf('battery_level_pct', known.battery_level_pct),
    fuelLevelPct: numberOf('fuel_level_pct', known.fuel_level_pct),
    odometerKm: numberOf('odometer_km', known.odometer_km),
    latitudeDeg: numberOf('latitude_deg', known.latitude_deg),
    longitudeDeg: numberOf('longitude_deg', known.longitude_deg),
    headingDeg: numberOf('heading_deg', known.heading_deg),
    speedKmh: numberOf('speed_kmh', known.speed_kmh),
    doorsLocked: flagOf('doors_locked', known.doors_locked),
    engineRunning: flagOf('engine_running', known.engine_running),
    charging: flagOf('charging', known.charging),
    altitudeM: numberOf('altitude_m', known.altitude_m),
    rangeKm: numberOf('range_km', known.range_km),
    ambientTemperatureC: numberOf('ambient_temperature_c', known.ambient_temperature_c),
    ambientHumidityPct: numberOf('ambient_humidity_pct', known.ambient_humidity_pct),
    others: othersToWire(signals),
  };
}

function valueToDomain(name: string, wire: WireValue | undefined): SignalValue {
  const kind = wire?.kind;
  if (kind === undefined) throw new Fault('INVALID_INPUT', `signal ${name} has a value of no kind`);
  return kind.value;
}

function numberOf(name: KnownSignalName, value: SignalValue | undefined): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  throw new Fault('INTERNAL', `invariant broken: signal ${name} is a number`);
}

function flagOf(name: KnownSignalName, value: SignalValue | undefined): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw new Fault('INTERNAL', `invariant broken: signal ${name} is a yes or no`);
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
