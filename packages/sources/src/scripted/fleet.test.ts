import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { expect, test } from 'vitest';
import { createFleet, type FleetReport, type ReportKind } from './fleet.ts';

const KINDS = ['late', 'partly-believable', 'unbelievable', 'conflicting', 'unreadable'] as const;
const ODDS = Object.fromEntries(KINDS.map((kind) => [kind, 0.15]));
const OPTIONS = { seed: 5, vehicles: 3, odds: ODDS };

const many = (count: number, options = OPTIONS): readonly FleetReport[] => {
  const fleet = createFleet(options);
  return Array.from({ length: count }, () => fleet.next(0));
};
const MANY = many(500);
const ofKind = (kind: ReportKind) => MANY.filter((report) => report.kind === kind);
const timesOf = ({ report }: FleetReport) => report.samples.map(({ observedAtMs }) => observedAtMs);

test('the same seed makes the same reports, another others', () => {
  expect(many(50)).toEqual(many(50));
  expect(many(50, { ...OPTIONS, seed: 6 })).not.toEqual(many(50));
});

test('a vehicle says the same whoever else is asked in between', () => {
  const fleet = createFleet(OPTIONS);
  const between = Array.from({ length: 50 }, () => {
    fleet.next(1);
    const report = fleet.next(0);
    fleet.next(2);
    return report;
  });
  expect(between).toEqual(many(50));
});

test('every kind that has odds is drawn, and no other', () => {
  expect(new Set(MANY.map(({ kind }) => kind))).toEqual(new Set(['plain', ...KINDS]));
  const plain = many(50, { ...OPTIONS, odds: {} });
  expect(new Set(plain.map(({ kind }) => kind))).toEqual(new Set(['plain']));
});

test('the bytes are the report’s, and each report has an identity of its own', () => {
  for (const { bytes, report } of MANY.slice(0, 50)) expect(VehicleReport.decode(bytes)).toEqual(report);
  expect(new Set(MANY.map(({ identity }) => identity)).size).toBe(MANY.length);
});

test('a late report was observed before all that was said in time, at a time of its own', () => {
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
