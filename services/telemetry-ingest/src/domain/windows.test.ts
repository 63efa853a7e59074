import { SAMPLE_WINDOW_MS } from '@odograph/kernel/sample-window';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fact } from './accept.ts';
import { RECEIVED_AT_MS } from './report.arbitrary.ts';
import { windowsOf } from './windows.ts';

const HEAD = { subject: 'bus-7', reportId: 'r-1', observedAtMs: 0, receivedAtMs: RECEIVED_AT_MS };
const sample = (observedAtMs: number) => ({ observedAtMs, signals: { speed_kmh: 50 } });
const reported = (...times: readonly number[]): Fact => {
  return { ...HEAD, type: 'TelemetryReported', samples: times.map(sample) };
};

test('windows begin at even hours of UTC', () => {
  const start = Date.UTC(2026, 2, 1, 12);
  expect(windowsOf([reported(start, start + SAMPLE_WINDOW_MS - 1)])).toEqual([start / SAMPLE_WINDOW_MS]);
  expect(windowsOf([reported(start - 1, start, start + SAMPLE_WINDOW_MS)])).toHaveLength(3);
});

test('samples that are set aside are in no window, because they are in no view', () => {
  const setAside = { sampleIndex: 0, sample: sample(RECEIVED_AT_MS), findings: [] };
  const quarantined: Fact = { ...HEAD, type: 'TelemetryQuarantined', samples: [setAside] };
  expect(windowsOf([quarantined])).toEqual([]);
  expect(windowsOf([reported(RECEIVED_AT_MS), quarantined])).toHaveLength(1);
});

test('property: more samples are never in fewer windows, and the order does not matter', () => {
  const times = fc.array(fc.integer({ min: 0, max: RECEIVED_AT_MS }), { maxLength: 50 });
  fc.assert(
    fc.property(times, times, (some, more) => {
      const all = new Set(windowsOf([reported(...some, ...more)]));
      expect(windowsOf([reported(...some)]).every((window) => all.has(window))).toBe(true);
      expect(new Set(windowsOf([reported(...more, ...some)]))).toEqual(all);
    }),
  );
});
