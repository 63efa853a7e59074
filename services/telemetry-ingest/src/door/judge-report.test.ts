import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import type { Signals } from '@odograph/contracts/generated/odograph/telemetry/v1/signals';
import { encodeEnvelopeEntry, MAX_ENVELOPE_BYTES } from '@odograph/event-log/envelope';
import { expect, test } from 'vitest';
import { judgeReport } from './judge-report.ts';

const RECEIVED_AT_MS = Date.UTC(2026, 2, 1, 12);
const LIMITS = { maxSamples: 1_000, futureToleranceMs: 300_000 };

function eventsOf(report: VehicleReport, receivedAtMs = RECEIVED_AT_MS): readonly Event[] {
  const bytes = VehicleReport.encode(report).finish();
  const { judged, events } = judgeReport(bytes, { receivedAtMs, traceparent: '', limits: LIMITS });
  if (events.length === 0) throw new Error(JSON.stringify(judged.findings));
  return events;
}

const reportOf = (count: number, signals: Partial<Signals>, observedAtMs = RECEIVED_AT_MS): VehicleReport =>
  VehicleReport.fromPartial({
    vehicleId: 'v'.repeat(64),
    reportId: 'r'.repeat(128),
    samples: Array.from({ length: count }, () => ({ observedAtMs, signals })),
  });

test('the parts of one report share key and content hash, and differ in part', () => {
  const events = eventsOf(reportOf(2, { speedKmh: 50, odometerKm: -1 }));
  expect(events.map(({ type, part }) => [type, part])).toEqual([
    ['TelemetryReported', 0],
    ['TelemetryQuarantined', 1],
  ]);
  expect(events[1]?.contentHash).toEqual(events[0]?.contentHash);
  expect(events[0]?.contentHash).toHaveLength(16);
});

test('a report that was in the future is the same content when it is sent again later', () => {
  const report = reportOf(1, { speedKmh: 50 }, RECEIVED_AT_MS + 3_600_000);
  const [early] = eventsOf(report);
  const [late] = eventsOf(report, RECEIVED_AT_MS + 7_200_000);
  expect([early?.type, late?.type]).toEqual(['TelemetryQuarantined', 'TelemetryReported']);
  const keyOf = (event: Event | undefined) => [
    event?.subject,
    event?.observedAtMs,
    event?.reportId,
    event?.part,
  ];
  expect(keyOf(late)).toEqual(keyOf(early));
  expect(late?.contentHash).toEqual(early?.contentHash);
});

test('a decoded event has the samples and the reasons of the domain', () => {
  const [reported, quarantined] = eventsOf(reportOf(1, { speedKmh: 50, odometerKm: -1 })).map(decodeEvent);
  expect(reported).toMatchObject({ samples: [{ observedAtMs: RECEIVED_AT_MS, signals: { speed_kmh: 50 } }] });
  expect(quarantined).toMatchObject({
    samples: [
      { sampleIndex: 0, sample: { signals: { odometer_km: -1 } }, findings: [{ reason: 'OUT_OF_RANGE' }] },
    ],
  });
});

const ALL_BAD: Partial<Signals> = {
  batteryLevelPct: -1,
  fuelLevelPct: -1,
  odometerKm: -1,
  latitudeDeg: 91,
  longitudeDeg: 181,
  headingDeg: -1,
  speedKmh: -1,
  altitudeM: -1e9,
  rangeKm: -1,
  ambientTemperatureC: -1e9,
  ambientHumidityPct: -1,
};
const text = { kind: { $case: 'text' as const, value: 'x'.repeat(200) } };

test.each([
  ['of a thousand samples with nothing but bad signals', reportOf(1_000, ALL_BAD)],
  [
    'of a thousand samples half good, half bad',
    reportOf(1_000, { ...ALL_BAD, others: { 'Vehicle.X': text } }),
  ],
  ['of a thousand samples without a time', reportOf(1_000, { ...ALL_BAD, others: { 'Vehicle.X': text } }, 0)],
])('the events of the largest report %s fit an envelope', (_, whole) => {
  const report = cutTo256KiB(whole);
  const bytes = eventsOf(report).map((event) => encodeEnvelopeEntry(event).length);
  expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(MAX_ENVELOPE_BYTES);
});

function cutTo256KiB(report: VehicleReport): VehicleReport {
  const bytes = VehicleReport.encode(report).finish().length;
  const count = Math.floor((report.samples.length * 255 * 1024) / bytes);
  return { ...report, samples: report.samples.slice(0, count) };
}
