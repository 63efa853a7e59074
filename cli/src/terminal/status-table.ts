import type { SignalValue } from '@odograph/kernel/signal';
import type { StatusJson } from '../json/status-json.ts';
import { textTable } from './text-table.ts';

/** One vehicle as text: what it is, then each signal with its time. */
export function vehicleTable(status: StatusJson): string {
  const head = [
    `${status.vehicle_id}  fleet ${status.fleet}${status.model ? `  ${status.model}` : ''}`,
    ...(status.vin ? [`VIN ${status.vin}${status.vin_check_digit_ok ? '' : ' (check digit mismatch)'}`] : []),
    `last observed ${status.last_observed_at ?? 'never'}, received ${status.last_received_at ?? 'never'}`,
    ...(status.parked_at
      ? [`stopped before ${status.parked_at}: that event could not be applied (see "odograph parked list")`]
      : []),
  ];
  const signals = Object.entries(status.signals).map(([name, { value, observed_at }]) => [
    name,
    String(value),
    observed_at ?? '',
  ]);
  return `${head.join('\n')}\n\n${textTable(['signal', 'value', 'observed at'], signals)}`;
}

/** A fleet as text, one vehicle a line. */
export function fleetTable(statuses: readonly StatusJson[]): string {
  const rows = statuses.map((status) => [
    status.vehicle_id,
    status.model,
    measured(status, 'speed_kmh', 0, ' km/h'),
    measured(status, 'battery_level_pct', 0, ' %'),
    measured(status, 'fuel_level_pct', 0, ' %'),
    locationOf(status),
    measured(status, 'odometer_km', 1, ' km'),
    status.last_observed_at ?? '',
  ]);
  const head = ['vehicle', 'model', 'speed', 'battery', 'fuel', 'location', 'odometer', 'last observed'];
  return textTable(head, rows);
}

export function locationOf(status: StatusJson): string {
  const [latitude, longitude] = [signalOf(status, 'latitude_deg'), signalOf(status, 'longitude_deg')];
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return '';
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}

/** A number with its unit; empty if it is not known. */
export function measured(status: StatusJson, name: string, digits: number, unit: string): string {
  const value = signalOf(status, name);
  return typeof value === 'number' ? `${value.toFixed(digits)}${unit}` : '';
}

export function signalOf(status: StatusJson, name: string): SignalValue | undefined {
  return status.signals[name]?.value;
}
