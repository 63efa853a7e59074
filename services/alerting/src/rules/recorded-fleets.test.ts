import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { signalsToDomain } from '@odograph/contracts/signals';
import { createRandom } from '@odograph/kernel/random';
import type { RecordedSample } from '@odograph/projections/recorded-sample';
import { openSource, type SourceFormat } from '@odograph/sources/recorded/open-source';
import { describe, expect, test } from 'vitest';
import type { LaneFact } from '../domain/lane-state.ts';
import { PartitionAlerts } from '../domain/partition-alerts.ts';
import { compileRule } from './compile.ts';
import { readRules } from './rule-file.ts';

const DATA = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));
const RULES = fileURLToPath(new URL('../../rules/ready-made.yaml', import.meta.url));
const RECORDINGS = [
  ['capmetro-buses/positions-2017-03-21.csv', 'capmetro'],
  ['twizy-ev/drives-5s.csv', 'twizy'],
  ['twizy-ev/T3_04_22_2021_1.1hz.csv', 'twizy'],
  ['twizy-ev/T3_04_22_2021_2.1hz.csv', 'twizy'],
] as const;

interface VehicleSample {
  readonly vehicleId: string;
  readonly sample: RecordedSample;
}

async function samplesOf(file: string, format: SourceFormat): Promise<VehicleSample[]> {
  const samples: VehicleSample[] = [];
  for await (const row of (await openSource(`${DATA}${file}`, format)).rows) {
    if ('unreadable' in row) throw new Error(row.unreadable);
    const { vehicleId, reportId } = row.report;
    for (const { observedAtMs, signals } of row.report.samples)
      if (signals)
        samples.push({ vehicleId, sample: { observedAtMs, reportId, signals: signalsToDomain(signals) } });
  }
  return samples;
}

/** What the rules say of samples in this order, which come as fast as they can. */
function alertsOf(samples: readonly VehicleSample[]): string[] {
  const read = readRules(readFileSync(RULES, 'utf8'));
  const alerts = new PartitionAlerts();
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  let sequence = 0;
  const entryAt = (receivedAtMs: number) => {
    sequence += 1;
    return { receivedAtMs, sequence, index: 0 };
  };
  alerts.setRules('rules' in read ? read.rules.map(compileRule) : [], entryAt(nowMs));
  const found: string[] = [];
  const take = ({
    vehicleId,
    facts,
  }: {
    readonly vehicleId: string;
    readonly facts: readonly LaneFact[];
  }) => {
    for (const each of facts) found.push(...inWords(vehicleId, each));
  };
  for (const { vehicleId, sample } of samples) {
    nowMs += 1;
    alerts.report(vehicleId, [sample], entryAt(nowMs)).forEach(take);
  }
  for (const afterMs of [15_000, 30_000]) alerts.tick(entryAt(nowMs + afterMs)).forEach(take);
  return found.sort();
}

function inWords(vehicleId: string, each: LaneFact): string[] {
  if (!('fact' in each)) return [`${vehicleId} ${each.rule}: late`];
  const { kind, atMs } = each.fact;
  return kind === 'fired' || kind === 'resolved' ? [`${vehicleId} ${each.rule}: ${kind} ${atMs}`] : [];
}

/** The same by hand: over all of the samples of a vehicle in a list, for one rule after the other. */
function computedAlerts(samples: readonly VehicleSample[]): string[] {
  const found: string[] = [];
  for (const [vehicleId, own] of Map.groupBy(samples, (each) => each.vehicleId)) {
    const inOrder = own.map(({ sample }) => sample).sort((a, b) => a.observedAtMs - b.observedAtMs);
    for (const rule of COMPUTED) {
      const values = inOrder
        .filter(({ signals }) => signals[rule.signal] !== undefined)
        .map(({ observedAtMs: atMs, signals }) => ({ atMs, value: signals[rule.signal] as number }));
      found.push(...alertsIn(values, rule).map((alert) => `${vehicleId} ${rule.name}: ${alert}`));
    }
  }
  return found.sort();
}

function alertsIn(values: Values, { forMs, holds, ends }: ComputedRule): string[] {
  const found: string[] = [];
  let sinceMs: number | undefined;
  let isOpen = false;
  for (const [at, { atMs }] of values.entries()) {
    sinceMs = holds(values, at) ? (sinceMs ?? atMs) : undefined;
    const begins: boolean = !isOpen && sinceMs !== undefined && atMs - sinceMs >= forMs;
    if (!begins && !(isOpen && ends(values, at))) continue;
    isOpen = begins;
    found.push(`${begins ? 'fired' : 'resolved'} ${atMs}`);
  }
  return found;
}

interface ComputedRule {
  readonly name: string;
  readonly signal: string;
  readonly forMs: number;
  readonly holds: (values: Values, at: number) => boolean;
  readonly ends: (values: Values, at: number) => boolean;
}

type Values = readonly { readonly atMs: number; readonly value: number }[];
const valueAt = (values: Values, at: number) => values[at]?.value ?? Number.NaN;

function hasDropped(values: Values, at: number): boolean {
  const nowMs = values[at]?.atMs ?? 0;
  const inWindow = values.slice(0, at + 1).filter(({ atMs }) => atMs > nowMs - 600_000);
  return Math.max(...inWindow.map(({ value }) => value)) - valueAt(values, at) > 10;
}

const COMPUTED: readonly ComputedRule[] = [
  {
    ...{ name: 'speeding', signal: 'speed_kmh', forMs: 30_000 },
    holds: (values, at) => valueAt(values, at) > 130,
    ends: (values, at) => valueAt(values, at) < 125,
  },
  {
    ...{ name: 'low-battery', signal: 'battery_level_pct', forMs: 120_000 },
    holds: (values, at) => valueAt(values, at) < 20,
    ends: (values, at) => valueAt(values, at) > 25,
  },
  {
    ...{ name: 'battery-drop', signal: 'battery_level_pct', forMs: 0 },
    holds: hasDropped,
    ends: (values, at) => !hasDropped(values, at),
  },
];

/** In another order, in which each sample is less than five seconds behind the newest one of its vehicle before it. */
function shuffledWithinLateness(samples: readonly VehicleSample[], seed: number): VehicleSample[] {
  const random = createRandom(seed);
  return samples
    .map((each) => ({ each, comesAtMs: each.sample.observedAtMs + random.next() * 4_999 }))
    .sort((a, b) => a.comesAtMs - b.comesAtMs)
    .map(({ each }) => each);
}

describe.skipIf(!existsSync(DATA))('the ready-made rules, on the recordings in ../shared/data', () => {
  test.each(RECORDINGS)('fire as computed by hand over %s', async (file, format) => {
    const samples = await samplesOf(file, format);
    const found = alertsOf(samples);
    expect(found).toEqual(computedAlerts(samples));
    expect(found).not.toEqual([]);
  });

  test.each(RECORDINGS)(
    'fire the same if %s comes in another order within the lateness',
    async (file, format) => {
      const samples = (await samplesOf(file, format)).sort(
        (a, b) => a.sample.observedAtMs - b.sample.observedAtMs,
      );
      // Those that do not wait for late samples correct what they said instead.
      const waiting = (found: readonly string[]) =>
        found.filter((alert) => !/ (speeding|towing): /.test(alert));
      expect(waiting(alertsOf(shuffledWithinLateness(samples, 3)))).toEqual(waiting(alertsOf(samples)));
    },
  );
});
