/** A signal's value. Numbers are finite; texts are short words. */
export type SignalValue = number | boolean | string;

/** Values by signal name: a name of {@link KNOWN_SIGNALS}, or the VSS path of any other signal. */
export type Signals = Readonly<Record<string, SignalValue>>;

/** The signals of a vehicle at one moment. */
export interface Sample {
  /** Unix time in milliseconds, by the vehicle's clock. */
  readonly observedAtMs: number;
  readonly signals: Signals;
}

/** A signal that has a field of its own, with the VSS (COVESA Vehicle Signal Specification) path it stands for. */
export interface KnownSignal {
  readonly kind: 'number' | 'boolean';
  readonly vssPath: string;
}

const number = (vssPath: string): KnownSignal => ({ kind: 'number', vssPath });
const boolean = (vssPath: string): KnownSignal => ({ kind: 'boolean', vssPath });

/** The signals with a field of their own; the name carries the unit. */
export const KNOWN_SIGNALS = {
  battery_level_pct: number('Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed'),
  fuel_level_pct: number('Vehicle.Powertrain.FuelSystem.RelativeLevel'),
  odometer_km: number('Vehicle.TraveledDistance'),
  latitude_deg: number('Vehicle.CurrentLocation.Latitude'),
  longitude_deg: number('Vehicle.CurrentLocation.Longitude'),
  heading_deg: number('Vehicle.CurrentLocation.Heading'),
  speed_kmh: number('Vehicle.Speed'),
  doors_locked: boolean('Vehicle.Cabin.Door.IsLocked'),
  engine_running: boolean('Vehicle.Powertrain.CombustionEngine.IsRunning'),
  charging: boolean('Vehicle.Powertrain.TractionBattery.Charging.IsCharging'),
  altitude_m: number('Vehicle.CurrentLocation.Altitude'),
  range_km: number('Vehicle.Powertrain.Range'),
  ambient_temperature_c: number('Vehicle.Exterior.AirTemperature'),
  ambient_humidity_pct: number('Vehicle.Exterior.Humidity'),
} as const satisfies Record<string, KnownSignal>;

export type KnownSignalName = keyof typeof KNOWN_SIGNALS;

export const KNOWN_SIGNAL_NAMES = Object.keys(KNOWN_SIGNALS) as readonly KnownSignalName[];

const VSS_PATH = /^Vehicle(\.[A-Za-z][A-Za-z0-9_]*)+$/;
const VSS_PATH_MAX_LENGTH = 160;

/** Whether a text has the form of a VSS path below `Vehicle`. */
export function isVssPath(text: string): boolean {
  return text.length <= VSS_PATH_MAX_LENGTH && VSS_PATH.test(text);
}

/** Whether a name is one a signal can have: a known one, or a VSS path. */
export function isSignalName(name: string): boolean {
  return Object.hasOwn(KNOWN_SIGNALS, name) || isVssPath(name);
}
