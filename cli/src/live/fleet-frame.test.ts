import type { SignalValue } from '@odograph/kernel/signal';
import { describe, expect, it } from 'vitest';
import type { StatusJson } from '../json/status-json.ts';
import { fleetFrame, stateOf, summaryOf } from './fleet-frame.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 10);

function statusOf(
  vehicleId: string,
  values: Readonly<Record<string, SignalValue>>,
  ageMs = 1_000,
): StatusJson {
  const heard = new Date(NOW_MS - ageMs).toISOString();
  const signals = Object.entries(values).map(([name, value]) => [name, { value, observed_at: heard }]);
  return {
    ...{ vehicle_id: vehicleId, fleet: 'default', model: '', display_name: '', tags: [], capabilities: [] },
    ...{ units: 'metric', retired: false, registration_version: 0, signals: Object.fromEntries(signals) },
    ...{ last_observed_at: heard, last_received_at: heard },
  };
}

describe('the live view', () => {
  it.each([
    [{ speed_kmh: 50, engine_running: true }, 1_000, 'driving'],
    [{ speed_kmh: 0, engine_running: true }, 1_000, 'idling'],
    [{ speed_kmh: 0, charging: true }, 1_000, 'charging'],
    [{ speed_kmh: 0, engine_running: false }, 1_000, 'standing'],
    [{ speed_kmh: 50, engine_running: true }, 600_000, 'silent'],
  ] as const)('reads %j, heard %i ms ago, as %s', (values, age, state) => {
    expect(stateOf(statusOf('v', values, age), NOW_MS)).toBe(state);
  });

  const statuses = [
    statusOf('ev-1', { speed_kmh: 42.4, battery_level_pct: 80, latitude_deg: 48.1, longitude_deg: 11.5 }),
    ...Array.from({ length: 9 }, (_, at) => statusOf(`bus-${at}`, { speed_kmh: 0 })),
  ];
  const moment = { nowMs: NOW_MS, statuses, modelOf: () => 'Volta', taken: 1_234 };

  it('shows a fleet in one line, with what is wrong', () => {
    expect(summaryOf(moment)).toBe('10 vehicles, 1 driving, 9 standing; 1,234 reports taken');
    expect(summaryOf({ ...moment, statuses: [], taken: undefined, trouble: 'history is away' })).toBe(
      '0 vehicles; history is away',
    );
  });

  it('shows one line for each vehicle, up to the height of the terminal', () => {
    const frame = fleetFrame(moment, 40).split('\n');
    expect(frame[3]).toMatch(/^ev-1 +Volta +driving +42 km\/h +80\.0 % +48\.10000, 11\.50000 +1 s ago$/);
    expect(frame[2]).toContain('location');
    expect(frame).toHaveLength(13);
    const cut = fleetFrame(moment, 8).split('\n');
    expect(cut).toHaveLength(8);
    expect(cut.at(-1)).toBe('and 6 more');
  });
});
