import { createHash } from 'node:crypto';
import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { hasRightCheckDigit, isVin } from '@odograph/kernel/vin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFleet } from './fleet.ts';

const START_MS = Date.UTC(2026, 10, 21, 10);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const fleetOf = (vehicles: number, seed = 7) => createFleet({ seed, vehicles, startMs: START_MS });

function digest(reports: readonly VehicleReport[]): string {
  const hash = createHash('sha256');
  for (const report of reports) hash.update(VehicleReport.encode(report).finish());
  return hash.digest('hex');
}

const observedMs = (report: VehicleReport) => report.samples[0]?.observedAtMs ?? Number.NaN;
const signalsOf = (report: VehicleReport) => report.samples[0]?.signals ?? { others: {} };

describe('a simulated fleet', () => {
  it('gives the same bytes for a seed, on every machine and for ever', () => {
    const reports = fleetOf(50).advance(START_MS + 10 * MINUTE_MS);
    expect([reports.length, digest(reports)]).toMatchInlineSnapshot(`
      [
        2759,
        "6c649dd45be229fe79072f38835546e40a8a165158cf6ff813b0d651a2ac668c",
      ]
    `);
    expect(digest(fleetOf(50, 8).advance(START_MS + 10 * MINUTE_MS))).not.toBe(digest(reports));
  });

  it('is the same whatever the steps in which time is told', () => {
    const untilMs = START_MS + 20 * MINUTE_MS;
    const whole = digest(fleetOf(6).advance(untilMs));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 * MINUTE_MS }), { maxLength: 60 }), (steps) => {
        const fleet = fleetOf(6);
        const times = [...steps.sort((a, b) => a - b).map((ms) => START_MS + ms), untilMs];
        expect(digest(times.flatMap((toMs) => fleet.advance(toMs)))).toBe(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('is larger by more vehicles only', () => {
    const [few, many] = [fleetOf(3), fleetOf(9)];
    const ids = new Set(few.profiles.map(({ vehicleId }) => vehicleId));
    const untilMs = START_MS + 10 * MINUTE_MS;
    const ofTheFew = many.advance(untilMs).filter(({ vehicleId }) => ids.has(vehicleId));
    expect(digest(ofTheFew)).toBe(digest(few.advance(untilMs)));
  });

  it('shows life in the first half minute: most vehicles are heard, many move, some charge', () => {
    const reports = fleetOf(50).advance(START_MS + 30_000);
    const of = (holds: (report: VehicleReport) => boolean) =>
      new Set(reports.filter(holds).map(({ vehicleId }) => vehicleId)).size;
    expect(of(() => true)).toBeGreaterThan(45);
    expect(of((report) => (signalsOf(report).speedKmh ?? 0) > 10)).toBeGreaterThan(15);
    expect(of((report) => signalsOf(report).charging === true)).toBeGreaterThan(1);
  });

  it('names every report by the vehicle and the observed time, no two alike', () => {
    const reports = fleetOf(20).advance(START_MS + HOUR_MS);
    expect(new Set(reports.map(({ reportId }) => reportId)).size).toBe(reports.length);
    const [first] = reports;
    const iso = new Date(first ? observedMs(first) : 0).toISOString();
    expect(first?.reportId).toBe(`${first?.vehicleId}@${iso}`);
  });

  it('has reports that come late and out of order, and none before it was observed', () => {
    const fleet = fleetOf(50);
    let [late, disordered] = [0, 0];
    const newest = new Map<string, number>();
    for (let nowMs = START_MS; nowMs < START_MS + HOUR_MS; nowMs += 1_000) {
      for (const report of fleet.advance(nowMs)) {
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

  it('stays within what vehicles can do, but for the faults of broken sensors', () => {
    const reports = fleetOf(40).advance(START_MS + HOUR_MS);
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

  it('never turns an odometer back, not even where a later run takes over', () => {
    const lastOdometers = (fleet: ReturnType<typeof createFleet>, toMs: number) => {
      const sound = fleet.advance(toMs).filter((report) => (signalsOf(report).odometerKm ?? -1) >= 0);
      const inOrder = sound.toSorted((a, b) => observedMs(a) - observedMs(b));
      return new Map(inOrder.map((report) => [report.vehicleId, signalsOf(report).odometerKm ?? 0]));
    };
    const startMs = START_MS + HOUR_MS;
    const odometersKm = lastOdometers(fleetOf(50), startMs);
    const after = lastOdometers(
      createFleet({ seed: 7, vehicles: 50, startMs, odometersKm }),
      startMs + MINUTE_MS,
    );
    expect(after.size).toBeGreaterThan(45);
    for (const [vehicleId, km] of after) expect(km).toBeGreaterThanOrEqual(odometersKm.get(vehicleId) ?? 0);
  });

  it('tells VINs with a right check digit, for most vehicles', () => {
    const vins = fleetOf(50).profiles.flatMap(({ vin }) => (vin === undefined ? [] : [vin]));
    expect(vins).toHaveLength(34);
    expect(new Set(vins).size).toBe(34);
    for (const vin of vins) expect([vin, isVin(vin), hasRightCheckDigit(vin)]).toEqual([vin, true, true]);
  });
});
