import type { UnitSystem } from '@odograph/kernel/registration';
import type { SignalValue } from '@odograph/kernel/signal';
import { visible } from '@odograph/kernel/visible';
import type { StatusJson } from '../json/status-json.ts';
import { inWords } from './durations.ts';
import { textTable } from './text-table.ts';
import { widthOf } from './width.ts';

interface TableRoom {
  /** Our clock: Unix time in milliseconds. */
  readonly nowMs: number;
  /** In columns of a terminal. */
  readonly maxWidth: number;
}

/** One vehicle as text: what it is, then each signal with its time, or with its age where that is too wide. */
export function vehicleTable(status: StatusJson, { nowMs, maxWidth }: TableRoom): string {
  const { vehicle_id, display_name, fleet, model, tags, capabilities, retired } = status;
  const head = [
    [vehicle_id, display_name, `fleet ${fleet}`, model, retired ? 'retired' : ''].filter(Boolean).join('  '),
    ...(tags.length > 0 ? [`tags ${tags.join(', ')}`] : []),
    ...(capabilities.length > 0 ? [`capabilities ${capabilities.join(', ')}`] : []),
    ...(status.vin ? [`VIN ${status.vin}${status.vin_check_digit_ok ? '' : ' (check digit mismatch)'}`] : []),
    `last observed ${status.last_observed_at ?? 'never'}, received ${status.last_received_at ?? 'never'}`,
    ...(status.parked_at
      ? [`stopped before ${status.parked_at}: that event could not be applied (see "odograph parked list")`]
      : []),
  ];
  const full = signalTable(status, 'observed at', (observedAt) => observedAt);
  const isWide = full.split('\n').some((line) => widthOf(line) > maxWidth);
  const table = isWide
    ? signalTable(status, 'observed', (observedAt) => `${inWords(nowMs - Date.parse(observedAt))} ago`)
    : full;
  return `${head.map(visible).join('\n')}\n\n${table}`;
}

function signalTable(
  { signals, last_received_at }: StatusJson,
  head: string,
  inTable: (observedAt: string) => string,
): string {
  const rows = Object.entries(signals).map(([name, { value, observed_at }]) => [
    name,
    observed_at ? inTable(observed_at) : '',
    // A text may be longer than a line: at the end of its row it moves no other.
    String(value),
  ]);
  if (rows.length > 0) return textTable(['signal', head, 'value'], rows);
  return last_received_at
    ? 'no value that it reported was believed (see "odograph quarantine list")'
    : 'it has not reported yet';
}

/** What a fleet is shown without on a narrow terminal. */
const YIELDING = ['odometer', 'fuel', 'model', 'location', 'name', 'battery'];

/** A fleet as text, one vehicle a line. */
export function fleetTable(statuses: readonly StatusJson[], maxWidth: number): string {
  const rows = statuses.map((status) => [
    status.vehicle_id,
    status.display_name,
    status.model,
    distance(status, 'speed_kmh', 0, { metric: ' km/h', imperial: ' mph' }),
    level(status, 'battery_level_pct'),
    level(status, 'fuel_level_pct'),
    locationOf(status),
    distance(status, 'odometer_km', 1, { metric: ' km', imperial: ' mi' }),
    status.last_observed_at ?? '',
  ]);
  const head = [
    'vehicle',
    'name',
    'model',
    'speed',
    'battery',
    'fuel',
    'location',
    'odometer',
    'last observed',
  ];
  return textTable(head, rows, { maxWidth, yielding: YIELDING });
}

export function locationOf(status: StatusJson): string {
  const [latitude, longitude] = [signalOf(status, 'latitude_deg'), signalOf(status, 'longitude_deg')];
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return '';
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}

const KM_A_MILE = 1.609344;

/** Kilometres, or km/h, in the units in which the vehicle is shown. */
function distance(
  status: StatusJson,
  name: string,
  digits: number,
  units: Readonly<Record<UnitSystem, string>>,
): string {
  const value = signalOf(status, name);
  if (typeof value !== 'number') return '';
  const shown = status.units === 'imperial' ? value / KM_A_MILE : value;
  return shown.toFixed(digits) + units[status.units];
}

/** A number with its unit; empty if it is not known. */
export function measured(status: StatusJson, name: string, digits: number, unit: string): string {
  const value = signalOf(status, name);
  return typeof value === 'number' ? `${value.toFixed(digits)}${unit}` : '';
}

/** A level in whole percent; empty if it is not known. */
export function level(status: StatusJson, name: string): string {
  return measured(status, name, 0, ' %');
}

export function signalOf(status: StatusJson, name: string): SignalValue | undefined {
  return status.signals[name]?.value;
}
