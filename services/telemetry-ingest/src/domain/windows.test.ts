import { SAMPLE_WINDOW_MS } from '@odograph/kernel/sample-window';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fact } from './accept.ts';
import { RECEIVED_AT_MS } from './report.arbitrary.ts';
import { countWindows } from './windows.ts';

const HEAD = { subject: 'bus-7', reportId: 'r-1', observedAtMs: 0, receivedAtMs: RECEIVED_AT_MS };
const sample = (observedAtMs: number) => ({ observedAtMs, signals: { speed_kmh: 50 } });
const reported = (...times: readonly number[]): Fact => {
  return { ...HEAD, type: 'TelemetryReported', samples: times.map(sample) };
};

test('windows begin at even hours of UTC', () => {
  const start = Date.UTC(2026, 2, 1, 12);
  expect(countWindows([reported(start, start + SAMPLE_WINDOW_MS - 1)])).toBe(1);
  expect(countWindows([reported(start - 1, start, start + SAMPLE_WINDOW_MS)])).toBe(3);
});

test('samples that are set aside are in no window, because they are in no view', () => {
  const setAside = { sampleIndex: 0, sample: sample(RECEIVED_AT_MS), findings: [] };
  const quarantined: Fact = { ...HEAD, type: 'TelemetryQuarantined', samples: [setAside] };
  expect(countWindows([quarantined])).toBe(0);
  expect(countWindows([reported(RECEIVED_AT_MS), quarantined])).toBe(1);
});

test('property: more samples are never in fewer windows, and the order does not matter', () => {
  const times = fc.array(fc.integer({ min: 0, max: RECEIVED_AT_MS }), { maxLength: 50 });
  fc.assert(
    fc.property(times, times, (some, more) => {
      expect(countWindows([reported(...some, ...more)])).toBeGreaterThanOrEqual(
        countWindows([reported(...some)]),
      );
      expect(countWindows([reported(...some, ...more)])).toBe(countWindows([reported(...more, ...some)]));
    }),
  );
});
