import { createHash } from 'node:crypto';
import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { expect, test } from 'vitest';
import { createFleet, type FleetOptions } from './fleet.ts';
import type { FleetReport, ReportKind } from './fleet-report.ts';

const KINDS = ['late', 'partly-believable', 'unbelievable', 'conflicting', 'unreadable'] as const;
const MISHAPS = Object.fromEntries(KINDS.map((kind) => [kind, 0.15]));
const OPTIONS: FleetOptions = { movement: 'steps', seed: 5, vehicles: 3, mishaps: MISHAPS };

const many = (count: number, options = OPTIONS): readonly FleetReport[] => {
  const fleet = createFleet(options);
  return Array.from({ length: count }, () => fleet.next(0));
};
const MANY = many(500);
const ofKind = (kind: ReportKind) => MANY.filter((report) => report.kind === kind);
const timesOf = ({ report }: FleetReport) => report.samples.map(({ observedAtMs }) => observedAtMs);

test('the same seed makes the same reports, another seed others', () => {
  expect(many(50)).toEqual(many(50));
  expect(many(50, { ...OPTIONS, seed: 6 })).not.toEqual(many(50));
});

test('a vehicle reports the same whether or not others report in between', () => {
  const fleet = createFleet(OPTIONS);
  const between = Array.from({ length: 50 }, () => {
    fleet.next(1);
    const report = fleet.next(0);
    fleet.next(2);
    return report;
  });
  expect(between).toEqual(many(50));
});

test('every kind with a probability is drawn, and no other', () => {
  expect(new Set(MANY.map(({ kind }) => kind))).toEqual(new Set(['plain', ...KINDS]));
  const plain = many(50, { ...OPTIONS, mishaps: {} });
  expect(new Set(plain.map(({ kind }) => kind))).toEqual(new Set(['plain']));
});

test('the bytes are those of the report, and each report has its own identity', () => {
  for (const { bytes, report } of MANY.slice(0, 50)) expect(VehicleReport.decode(bytes)).toEqual(report);
  expect(new Set(MANY.map(({ identity }) => identity)).size).toBe(MANY.length);
});

test('a late report was observed before all plain ones, each at its own time', () => {
  const late = ofKind('late').flatMap(timesOf);
  expect(Math.max(...late)).toBeLessThan(Math.min(...ofKind('plain').flatMap(timesOf)));
  expect(new Set(late).size).toBe(late.length);
});

test('a conflicting report has the key of the plain one before it, and other content', () => {
  MANY.forEach((report, at) => {
    if (report.kind !== 'conflicting') return;
    const before = MANY.slice(0, at).findLast(({ kind }) => kind === 'plain');
    expect(report.report.reportId).toBe(before?.report.reportId);
    expect(timesOf(report)).toEqual(before && timesOf(before));
    expect(report.report.samples).not.toEqual(before?.report.samples);
  });
});

test('the odometer of a plain report never shows less than those before', () => {
  const shown = ofKind('plain').map(({ report }) => report.samples[0]?.signals?.odometerKm ?? 0);
  expect(shown).toEqual(shown.toSorted((a, b) => a - b));
});

test.each(['steps', 'city'] as const)(
  'mishaps happen to vehicles with movement %s, and each is what it says',
  (movement) => {
    const fleet = createFleet({ movement, seed: 5, vehicles: 1, mishaps: MISHAPS });
    const reports = Array.from({ length: 300 }, () => fleet.next(0));
    const signalsOf = (kind: ReportKind) =>
      reports.filter((report) => report.kind === kind).map(({ report }) => report.samples[0]?.signals);
    for (const signals of signalsOf('unbelievable')) expect(signals?.latitudeDeg).toBe(91);
    for (const signals of signalsOf('conflicting')) expect(signals?.latitudeDeg).toBeUndefined();
    expect(new Set(reports.map(({ kind }) => kind))).toEqual(new Set(['plain', ...KINDS]));
    expect(new Set(reports.map(({ identity }) => identity)).size).toBe(reports.length);
  },
);

test('steps send a report once its last sample is observed, a step apart', () => {
  const options = {
    movement: 'steps',
    seed: 1,
    vehicles: 2,
    startMs: 0,
    stepMs: 1_000,
    samplesPerReport: 4,
  } as const;
  const fleet = createFleet(options);
  expect(fleet.advance(1_749)).toEqual([]);
  expect(fleet.advance(2_750).map(({ report }) => report.reportId)).toEqual([
    'fleet-0000#1',
    'fleet-0001#1',
    'fleet-0000#2',
    'fleet-0001#2',
  ]);
  expect(fleet.next(0).report.reportId).toBe('fleet-0000#3');
});

test('the reports of a seed never change', () => {
  const hash = createHash('sha256');
  const fleet = createFleet({
    ...OPTIONS,
    seed: 9,
    samplesPerReport: 7,
    startMs: 1e12,
    stepMs: 1_500,
  } as FleetOptions);
  for (let at = 0; at < 3_000; at += 1) {
    const { bytes, kind, identity } = fleet.next(at % 3);
    hash.update(bytes).update(kind).update(identity);
  }
  expect(hash.digest('hex')).toBe('f7061a55b78855917473d179cfc78430f74e646e286e0e1f62f7470fdc3fc9ff');
});
