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

/**
 * A number that does not measure anything, such as "not available" on a vehicle bus. So does every number that a sender with
 * the resolution of the signal would round to it.
 */
export interface Sentinel {
  readonly value: number;
  /** Completes the sentence `<value> is …`. */
  readonly means: string;
  /** The standard or the recording that has it. */
  readonly source: string;
}

/** The smallest step in which vehicles measure a signal. */
interface Resolution {
  /** With its unit, such as `1/256 km/h`. */
  readonly step: string;
  /** The same as a number, in the unit of the signal. */
  readonly size: number;
  /** The standard or the recording that says so. */
  readonly source: string;
}

/** A known signal that is a number. */
export interface NumberSignal {
  readonly kind: 'number';
  /** The path in the Vehicle Signal Specification (COVESA VSS). */
  readonly vssPath: string;
  readonly unit: string;
  /** Values from `min` to `max` are believed, both included. */
  readonly min: number;
  readonly max: number;
  readonly resolution?: Resolution;
  /** Values between `min` and `max` that are not believed either; only a signal with a resolution has any. */
  readonly sentinels: readonly Sentinel[];
}

/** A known signal that is true or false. */
interface BooleanSignal {
  readonly kind: 'boolean';
  /** The path in the Vehicle Signal Specification (COVESA VSS). */
  readonly vssPath: string;
}

export type KnownSignal = NumberSignal | BooleanSignal;

const PERCENT = { unit: 'percent', min: 0, max: 100 };
const TWIZY = 'recordings of a Renault Twizy (RSK Twizy EV dataset)';

/**
 * The signals that have a field of their own in `proto/odograph/telemetry/v1/signals.proto`.
 *
 * To add one, add a field to the proto file and a row of the same name to the end of this table, then run
 * `make generate`. The rest is derived: the conversion to and from the wire, the content hash, the bounds in ingest, and
 * docs/signals.md. A field without a row, or a row without a field, does not compile.
 *
 * Do not move or remove a row: the place of a signal in this table is part of the content hash.
 * The bounds are wider than any road vehicle needs, so that only impossible values are set aside.
 */
export const KNOWN_SIGNALS = {
  battery_level_pct: number('Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed', {
    ...PERCENT,
    resolution: { step: '0.01 percent', size: 0.01, source: TWIZY },
  }),
  fuel_level_pct: number('Vehicle.Powertrain.FuelSystem.RelativeLevel', {
    ...PERCENT,
    resolution: { step: '0.4 percent', size: 0.4, source: 'SAE J1939-71, SPN 96' },
  }),
  odometer_km: number('Vehicle.TraveledDistance', {
    ...{ unit: 'km', min: 0, max: 10_000_000 },
    resolution: { step: '0.005 km', size: 0.005, source: 'SAE J1939-71, SPN 917' },
  }),
  latitude_deg: number('Vehicle.CurrentLocation.Latitude', {
    ...{ unit: 'degrees', min: -90, max: 90 },
    resolution: { step: '0.0000001 degrees', size: 0.0000001, source: 'SAE J1939-71, SPN 584' },
    sentinels: [{ value: 0, means: 'what a receiver without a fix reports', source: TWIZY }],
  }),
  longitude_deg: number('Vehicle.CurrentLocation.Longitude', {
    ...{ unit: 'degrees', min: -180, max: 180 },
    resolution: { step: '0.0000001 degrees', size: 0.0000001, source: 'SAE J1939-71, SPN 585' },
  }),
  heading_deg: number('Vehicle.CurrentLocation.Heading', {
    ...{ unit: 'degrees', min: 0, max: 360 },
    resolution: { step: '1/128 degree', size: 1 / 128, source: 'SAE J1939-71, SPN 165' },
  }),
  speed_kmh: number('Vehicle.Speed', {
    ...{ unit: 'km/h', min: 0, max: 350 },
    resolution: { step: '1/256 km/h', size: 1 / 256, source: 'SAE J1939-71, SPN 84' },
    // On vehicle buses, a value with all bits set is "not available".
    sentinels: [
      {
        value: 255,
        means: 'a byte of ones: the vehicle does not know its speed',
        source: 'the rule of SAE J1939-71, for one byte of km/h',
      },
      {
        value: 0xffff / 256,
        means: 'two bytes of ones: the vehicle does not know its speed',
        source: 'SAE J1939-71, SPN 84',
      },
    ],
  }),
  doors_locked: boolean('Vehicle.Cabin.Door.IsLocked'),
  engine_running: boolean('Vehicle.Powertrain.CombustionEngine.IsRunning'),
  charging: boolean('Vehicle.Powertrain.TractionBattery.Charging.IsCharging'),
  altitude_m: number('Vehicle.CurrentLocation.Altitude', {
    ...{ unit: 'm', min: -500, max: 9_000 },
    resolution: { step: '0.125 m', size: 0.125, source: 'SAE J1939-71, SPN 580' },
  }),
  range_km: number('Vehicle.Powertrain.Range', { unit: 'km', min: 0, max: 5_000 }),
  ambient_temperature_c: number('Vehicle.Exterior.AirTemperature', {
    ...{ unit: 'degrees Celsius', min: -90, max: 60 },
    resolution: { step: '0.03125 degrees Celsius', size: 0.03125, source: 'SAE J1939-71, SPN 171' },
  }),
  ambient_humidity_pct: number('Vehicle.Exterior.Humidity', {
    ...PERCENT,
    resolution: { step: '1 percent', size: 1, source: TWIZY },
  }),
} as const satisfies Record<string, KnownSignal>;

export type KnownSignalName = keyof typeof KNOWN_SIGNALS;

export const KNOWN_SIGNAL_NAMES = Object.keys(KNOWN_SIGNALS) as readonly KnownSignalName[];

const VSS_PATH = /^Vehicle(\.[A-Za-z][A-Za-z0-9_]*)+$/;
export const VSS_PATH_MAX_LENGTH = 160;

/** Whether a text has the form of a VSS path below `Vehicle`. */
export function isVssPath(text: string): boolean {
  return text.length <= VSS_PATH_MAX_LENGTH && VSS_PATH.test(text);
}

/** Whether a signal can have this name: a known name, or a VSS path. */
export function isSignalName(name: string): boolean {
  return Object.hasOwn(KNOWN_SIGNALS, name) || isVssPath(name);
}

type NumberProperties = Omit<NumberSignal, 'kind' | 'vssPath' | 'sentinels'> &
  (Required<Pick<NumberSignal, 'resolution' | 'sentinels'>> | { readonly sentinels?: never });

function number(vssPath: string, properties: NumberProperties): NumberSignal {
  return { kind: 'number', vssPath, sentinels: [], ...properties };
}

function boolean(vssPath: string): BooleanSignal {
  return { kind: 'boolean', vssPath };
}
