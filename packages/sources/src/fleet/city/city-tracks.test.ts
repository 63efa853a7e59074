import { createHash } from 'node:crypto';
import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import type { Signals } from '@odograph/contracts/generated/odograph/telemetry/v1/signals';
import { hasRightCheckDigit, isVin } from '@odograph/kernel/vin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFleet, type Fleet } from '../fleet.ts';
import { cityProfiles } from './profile.ts';

const START_MS = Date.UTC(2026, 10, 21, 10);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const fleetOf = (vehicles: number, seed = 7) =>
  createFleet({ movement: 'city', seed, vehicles, startMs: START_MS });
const sentBy = (fleet: Fleet, toMs: number) => fleet.advance(toMs).map(({ report }) => report);

function digest(reports: readonly VehicleReport[]): string {
  const hash = createHash('sha256');
  for (const report of reports) hash.update(VehicleReport.encode(report).finish());
  return hash.digest('hex');
}

const observedMs = (report: VehicleReport) => report.samples[0]?.observedAtMs ?? Number.NaN;
const signalsOf = (report: VehicleReport) => report.samples[0]?.signals ?? { others: {} };

describe('a fleet in the city', () => {
  it('gives the same bytes for a seed, on every machine', () => {
    const reports = sentBy(fleetOf(50), START_MS + 10 * MINUTE_MS);
    expect([reports.length, digest(reports)]).toMatchInlineSnapshot(`
      [
        2760,
        "d5c52b42bdbfb3f31d61267ce30c8f122aecf438656df8d70829aa9888dc37fb",
      ]
    `);
    expect(digest(sentBy(fleetOf(50, 8), START_MS + 10 * MINUTE_MS))).not.toBe(digest(reports));
  });

  it('sends the same whatever the steps in which time advances', () => {
    const untilMs = START_MS + 20 * MINUTE_MS;
    const whole = digest(sentBy(fleetOf(6), untilMs));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 * MINUTE_MS }), { maxLength: 60 }), (steps) => {
        const fleet = fleetOf(6);
        const times = [...steps.sort((a, b) => a - b).map((ms) => START_MS + ms), untilMs];
        expect(digest(times.flatMap((toMs) => sentBy(fleet, toMs)))).toBe(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('does not change its vehicles when it has more', () => {
    const [few, many] = [fleetOf(3), fleetOf(9)];
    const ids = new Set(few.vehicleIds);
    const untilMs = START_MS + 10 * MINUTE_MS;
    const ofTheFew = sentBy(many, untilMs).filter(({ vehicleId }) => ids.has(vehicleId));
    expect(digest(ofTheFew)).toBe(digest(sentBy(few, untilMs)));
  });

  it('is active in the first half minute: most vehicles report, many move, some charge', () => {
    const reports = sentBy(fleetOf(50), START_MS + 30_000);
    const of = (holds: (report: VehicleReport) => boolean) =>
      new Set(reports.filter(holds).map(({ vehicleId }) => vehicleId)).size;
    expect(of(() => true)).toBeGreaterThan(45);
    expect(of((report) => (signalsOf(report).speedKmh ?? 0) > 10)).toBeGreaterThan(15);
    expect(of((report) => signalsOf(report).charging === true)).toBeGreaterThan(1);
  });

  it('names every report by vehicle and observed time, each name once', () => {
    const reports = sentBy(fleetOf(20), START_MS + HOUR_MS);
    expect(new Set(reports.map(({ reportId }) => reportId)).size).toBe(reports.length);
    const [first] = reports;
    const iso = new Date(first ? observedMs(first) : 0).toISOString();
    expect(first?.reportId).toBe(`${first?.vehicleId}@${iso}`);
  });

  it('sends some reports late and out of order, and none before it was observed', () => {
    const fleet = fleetOf(50);
    let [late, disordered] = [0, 0];
    const newest = new Map<string, number>();
    for (let nowMs = START_MS; nowMs < START_MS + HOUR_MS; nowMs += 1_000) {
      for (const report of sentBy(fleet, nowMs)) {
        const atMs = observedMs(report);
        expect(atMs).toBeLessThanOrEqual(nowMs);
        if (nowMs - atMs > 10_000) late += 1;
        if (atMs < (newest.get(report.vehicleId) ?? 0)) disordered += 1;
        newest.set(report.vehicleId, Math.max(atMs, newest.get(report.vehicleId) ?? 0));
      }
    }
    expect(late).toBeGreaterThan(50);
    expect(disordered).toBeGreaterThan(50);
  });

  it('knows the kind of each report: partly believable if a sensor failed, else plain', () => {
    const sent = fleetOf(40).advance(START_MS + HOUR_MS);
    for (const { kind, report } of sent) {
      const { speedKmh = 0, latitudeDeg = 0, longitudeDeg = 0, odometerKm = 0 } = signalsOf(report);
      const isFaulty = speedKmh > 400 || latitudeDeg > 90 || longitudeDeg > 180 || odometerKm < 0;
      expect(kind).toBe(isFaulty ? 'partly-believable' : 'plain');
    }
  });

  it('gives the reports of one vehicle in the order in which advance sends them', () => {
    const [one, other] = [fleetOf(1), fleetOf(1)];
    const sent = sentBy(one, START_MS + HOUR_MS);
    expect(sent.map(() => other.next(0).report)).toEqual(sent);
  });

  it('reports believable values, except from broken sensors', () => {
    const reports = sentBy(fleetOf(40), START_MS + HOUR_MS);
    const isFaulty = (report: VehicleReport) => {
      const { speedKmh = 0, latitudeDeg = 0, longitudeDeg = 0, odometerKm = 0 } = signalsOf(report);
      return speedKmh > 100 || latitudeDeg > 90 || longitudeDeg > 180 || odometerKm < 0;
    };
    const faulty = reports.filter(isFaulty).length;
    expect(faulty).toBeGreaterThan(5);
    expect(faulty).toBeLessThan(reports.length / 500);
    for (const report of reports.filter((candidate) => !isFaulty(candidate))) {
      const { batteryLevelPct = 50, fuelLevelPct = 50, speedKmh = 0, latitudeDeg = 0 } = signalsOf(report);
      expect(Math.min(batteryLevelPct, fuelLevelPct)).toBeGreaterThan(0);
      expect(Math.max(batteryLevelPct, fuelLevelPct)).toBeLessThanOrEqual(100);
      expect(speedKmh).toBeGreaterThanOrEqual(0);
      expect(Math.abs(latitudeDeg - 48.137)).toBeLessThan(0.05);
    }
  });

  const isSound = (report: VehicleReport) => {
    const { odometerKm = -1, latitudeDeg = 0 } = signalsOf(report);
    return odometerKm >= 0 && latitudeDeg <= 90;
  };

  it('goes on where it was if it gets what it reported last, and never turns an odometer back', () => {
    const startMs = START_MS + HOUR_MS;
    const reports = sentBy(fleetOf(50), startMs).filter(isSound);
    const inOrder = reports.toSorted((a, b) => observedMs(a) - observedMs(b));
    const last = new Map(inOrder.map((report) => [report.vehicleId, signalsOf(report)]));
    const resumed = createFleet({ movement: 'city', seed: 7, vehicles: 50, startMs, last });
    const first = resumed.vehicleIds.map((_, vehicle) => resumed.next(vehicle).report).filter(isSound);
    expect(first.length).toBeGreaterThan(45);
    for (const report of first) {
      const [before, after] = [last.get(report.vehicleId), signalsOf(report)] as Signals[];
      const changeOf = (name: 'latitudeDeg' | 'longitudeDeg' | 'batteryLevelPct' | 'fuelLevelPct') =>
        Math.abs((after?.[name] ?? 0) - (before?.[name] ?? 0));
      expect(after?.odometerKm).toBeGreaterThanOrEqual(before?.odometerKm ?? Infinity);
      // The nearest junction is at most half a road away.
      expect(changeOf('latitudeDeg') * 111_320).toBeLessThan(400);
      expect(changeOf('longitudeDeg') * 74_300).toBeLessThan(400);
      expect(changeOf('batteryLevelPct')).toBeLessThan(2);
      expect(changeOf('fuelLevelPct')).toBeLessThan(2);
    }
  });

  it('has VINs with a correct check digit, for most vehicles', () => {
    const vins = cityProfiles(7, 50).flatMap(({ vin }) => (vin === undefined ? [] : [vin]));
    expect(vins).toHaveLength(34);
    expect(new Set(vins).size).toBe(34);
    for (const vin of vins) expect([vin, isVin(vin), hasRightCheckDigit(vin)]).toEqual([vin, true, true]);
  });
});
