import type { SignalValue } from '@odograph/kernel/signal';
import type { StatusJson } from '../json/status-json.ts';

export const NOW_MS = Date.UTC(2026, 10, 21, 10);

/** A vehicle that was heard `ageMs` ago; its values were `lagMs` old then. */
export function statusOf(
  vehicleId: string,
  values: Readonly<Record<string, SignalValue>>,
  { ageMs = 1_000, lagMs = 0 } = {},
): StatusJson {
  const heard = new Date(NOW_MS - ageMs).toISOString();
  const observed = new Date(NOW_MS - ageMs - lagMs).toISOString();
  const signals = Object.entries(values).map(([name, value]) => [name, { value, observed_at: observed }]);
  return {
    ...{ vehicle_id: vehicleId, fleet: 'default', model: '', display_name: '', tags: [], capabilities: [] },
    ...{ units: 'metric', retired: false, registration_version: 0, signals: Object.fromEntries(signals) },
    ...{ last_observed_at: observed, last_received_at: heard },
  };
}
