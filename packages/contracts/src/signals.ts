import { Fault, invariant } from '@odograph/kernel/fault';
import { KNOWN_SIGNALS, type KnownSignalName, type Signals, type SignalValue } from '@odograph/kernel/signal';
import type {
  Signals as WireSignals,
  SignalValue as WireValue,
} from './generated/odograph/telemetry/v1/signals.ts';

/** Signals in the making: known names are spelled out, so that they are written as fields. */
type OpenSignals = Record<string, SignalValue> & { [N in KnownSignalName]?: SignalValue };

/**
 * The signals of a sample by name, from their form on the wire. Judges no value: the door does.
 * Field by field, not by table: it runs for every sample.
 * @throws {Fault} INVALID_INPUT where a signal has a value of no kind.
 */
export function signalsToDomain(wire: WireSignals): Signals {
  const signals: OpenSignals = {};
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
  for (const name of Object.keys(wire.others)) signals[name] = valueToDomain(name, wire.others[name]);
  return signals;
}

/**
 * Signals in their form on the wire.
 * @throws {Fault} INTERNAL where a known signal has a value that is not of its kind.
 */
export function signalsToWire(signals: Signals): WireSignals {
  return {
    batteryLevelPct: numberIn(signals, 'battery_level_pct'),
    fuelLevelPct: numberIn(signals, 'fuel_level_pct'),
    odometerKm: numberIn(signals, 'odometer_km'),
    latitudeDeg: numberIn(signals, 'latitude_deg'),
    longitudeDeg: numberIn(signals, 'longitude_deg'),
    headingDeg: numberIn(signals, 'heading_deg'),
    speedKmh: numberIn(signals, 'speed_kmh'),
    doorsLocked: flagIn(signals, 'doors_locked'),
    engineRunning: flagIn(signals, 'engine_running'),
    charging: flagIn(signals, 'charging'),
    altitudeM: numberIn(signals, 'altitude_m'),
    rangeKm: numberIn(signals, 'range_km'),
    ambientTemperatureC: numberIn(signals, 'ambient_temperature_c'),
    ambientHumidityPct: numberIn(signals, 'ambient_humidity_pct'),
    others: othersToWire(signals),
  };
}

function valueToDomain(name: string, wire: WireValue | undefined): SignalValue {
  const kind = wire?.kind;
  if (kind === undefined) throw new Fault('INVALID_INPUT', `signal ${name} has a value of no kind`);
  return kind.value;
}

function numberIn(signals: Signals, name: KnownSignalName): number | undefined {
  const value = signals[name];
  invariant(value === undefined || typeof value === 'number', `signal ${name} is a number`);
  return value;
}

function flagIn(signals: Signals, name: KnownSignalName): boolean | undefined {
  const value = signals[name];
  invariant(value === undefined || typeof value === 'boolean', `signal ${name} is a yes or no`);
  return value;
}

function othersToWire(signals: Signals): WireSignals['others'] {
  const others: WireSignals['others'] = {};
  for (const name of Object.keys(signals)) {
    const value = Object.hasOwn(KNOWN_SIGNALS, name) ? undefined : signals[name];
    if (value !== undefined) others[name] = { kind: valueToWire(value) };
  }
  return others;
}

function valueToWire(value: SignalValue): NonNullable<WireValue['kind']> {
  if (typeof value === 'number') return { $case: 'number', value };
  if (typeof value === 'boolean') return { $case: 'flag', value };
  return { $case: 'text', value };
}
