import { decodeEvent } from '@odograph/contracts/event-catalogue';
import { MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import { expect, test } from 'vitest';
import { benchEvents } from './events.ts';

const options = { count: 1_200, vehicles: 20, samplesPerReport: 10, seed: 7 };

test('the same options give the same events', () => {
  expect(benchEvents(options)).toEqual(benchEvents(options));
  expect(benchEvents({ ...options, seed: 8 })).not.toEqual(benchEvents(options));
});

test('vehicles report in turn, each report with its own key', () => {
  const events = benchEvents(options).map(({ event }) => event);
  expect(new Set(events.slice(0, 20).map(({ subject }) => subject)).size).toBe(20);
  const keys = events.map(({ subject, observedAtMs, reportId }) => `${subject} ${observedAtMs} ${reportId}`);
  expect(new Set(keys).size).toBe(1_200);
});

test('positions increase, in full envelopes', () => {
  const positions = benchEvents(options).map(({ position }) => position);
  expect(positions[0]).toEqual({ partition: 0, sequence: 1, index: 0 });
  expect(positions[1_199]).toEqual({ partition: 0, sequence: 1, index: 1_199 });
  const [next] = benchEvents({ ...options, count: MAX_ENVELOPE_EVENTS + 1 }).slice(-1);
  expect(next?.position).toEqual({ partition: 0, sequence: 2, index: 0 });
});

test('the log can read them back', () => {
  const [first] = benchEvents(options);
  const decoded = first && decodeEvent(first.event);
  expect(decoded).toMatchObject({ type: 'TelemetryReported', subject: first?.event.subject });
  expect(decoded?.type === 'TelemetryReported' && decoded.samples.length).toBe(10);
});
