import { VehicleStatus } from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import { encodePayload } from '@odograph/contracts/event-catalogue';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { signalsToWire } from '@odograph/contracts/signals';
import type { Signals } from '@odograph/kernel/signal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventJson } from './event-json.ts';
import { sampleJson } from './sample-json.ts';
import { statusJson } from './status-json.ts';

const CONTENT: Signals = {
  speed_kmh: 1,
  charging: false,
  altitude_m: 2,
  'Vehicle.Overlay.B': 'b',
  'Vehicle.Overlay.a': 'a',
  'Vehicle.Overlay.A': true,
};

const HEAD = { subject: 'v', reportId: 'r', observedAtMs: 1, receivedAtMs: 2 };

/** What the command line prints of these signals, wherever it prints signals. */
function printed(signals: Signals): string {
  const wire = signalsToWire(signals);
  const sample = { observedAtMs: 1, signals };
  const payload = encodePayload({ type: 'TelemetryReported', ...HEAD, samples: [sample] });
  const reported = {
    position: { partition: 0, sequence: 1, index: 0 },
    event: Event.create({ ...HEAD, ...payload }),
  };
  return JSON.stringify([
    sampleJson('v', { observedAtMs: 1, reportId: 'r', signals: wire }),
    statusJson(VehicleStatus.create({ signals: wire })),
    eventJson(reported),
  ]);
}

describe('the JSON of signals', () => {
  it('has the same bytes in whatever order they arrived', () => {
    const shuffled = fc.shuffledSubarray(Object.entries(CONTENT), { minLength: Object.keys(CONTENT).length });
    fc.assert(
      fc.property(shuffled, (entries) => {
        expect(printed(Object.fromEntries(entries))).toBe(printed(CONTENT));
      }),
    );
  });

  it('lists the known signals as docs/signals.md does, then the others by name', () => {
    const { signals } = sampleJson('v', { observedAtMs: 1, reportId: 'r', signals: signalsToWire(CONTENT) });
    expect(Object.keys(signals)).toEqual([
      ...['speed_kmh', 'charging', 'altitude_m'],
      ...['Vehicle.Overlay.A', 'Vehicle.Overlay.B', 'Vehicle.Overlay.a'],
    ]);
  });
});
