import { PartitionAlerts } from '@odograph/alerting/domain/partition-alerts';
import { compileRule } from '@odograph/alerting/rules/compile';
import { compileExpression } from '@odograph/alerting/rules/expression';
import { readRules } from '@odograph/alerting/rules/rule-file';
import { invariant } from '@odograph/kernel/fault';
import type { RecordedSample } from '@odograph/projections/recorded-sample';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { decodedSamples } from './fleet-samples.ts';

export interface EvaluationOptions {
  readonly vehicles: number;
  /** Of each vehicle. */
  readonly samples: number;
}

/** Of a second, on one core; memory in bytes for a thousand states, each of one rule and one vehicle. */
export interface EvaluationResults {
  readonly bare: number;
  readonly withoutLateness: number;
  readonly withLateness: number;
  readonly bytesPerThousand: number;
}

const RULES = 20;
const STEP_MS = 1_000;

/** Thresholds and two signals in turns, as fleets have them. */
const expressionOf = (at: number): string =>
  at % 4 === 3 ? `speed_kmh > ${100 + at} && battery_level_pct < ${20 + at}` : `speed_kmh > ${125 + at / 10}`;

function rulesOf(lateness: string) {
  const documents = Array.from(
    { length: RULES },
    (_, at) => `rule: r${at}\nwhen: ${expressionOf(at)}\nlateness: ${lateness}\nfor: 2s\n`,
  );
  const read = readRules(documents.join('---\n'));
  invariant('rules' in read, 'the rules of the bench are right');
  return read.rules.map(compileRule);
}

interface VehicleSample {
  readonly vehicleId: string;
  readonly sample: RecordedSample;
}

function samplesOf({ vehicles, samples }: EvaluationOptions): readonly VehicleSample[] {
  const fleet = createFleet({ movement: 'steps', vehicles, samplesPerReport: 1, seed: 1, stepMs: STEP_MS });
  return Array.from({ length: samples * vehicles }, (_, at): VehicleSample => {
    const {
      vehicleId,
      samples: [sample],
    } = decodedSamples(fleet, at % vehicles);
    invariant(sample, 'a report of the fleet has a sample');
    return { vehicleId, sample: { ...sample, reportId: `r${at}` } };
  });
}

/** The compiled expressions alone, on the same samples, against the whole evaluation of rules with them. */
export function measureEvaluation(options: EvaluationOptions): EvaluationResults {
  const samples = samplesOf(options);
  const results: EvaluationResults[] = [];
  // In turns; the last one counts, when all code is compiled.
  for (let turn = 0; turn < 3; turn += 1) {
    const bare = bareRate(samples);
    const withoutLateness = evaluate(samples, '0s');
    const withLateness = evaluate(samples, '5s');
    results.push({
      bare,
      withoutLateness: withoutLateness.perSecond,
      withLateness: withLateness.perSecond,
      bytesPerThousand: withLateness.bytesPerThousand,
    });
  }
  return results.at(-1) as EvaluationResults;
}

function bareRate(samples: readonly VehicleSample[]): number {
  const conditions = Array.from({ length: RULES }, (_, at) => {
    const result = compileExpression(expressionOf(at));
    invariant('compiled' in result, 'the expressions of the bench are right');
    return result.compiled;
  });
  const startMs = performance.now();
  let held = 0;
  for (const { sample } of samples) {
    const moment = { atMs: sample.observedAtMs, latest: sample.signals, came: sample.signals, silentMs: 0 };
    for (const condition of conditions) if (condition.evaluate(null, moment) === true) held += 1;
  }
  if (held === 0) throw new Error('no expression holds');
  return ratePerSecond(samples.length * RULES, startMs);
}

function evaluate(samples: readonly VehicleSample[], lateness: string) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const alerts = new PartitionAlerts();
  alerts.setRules(rulesOf(lateness), { receivedAtMs: 1, sequence: 1, index: 0 });
  const startMs = performance.now();
  for (const [at, { vehicleId, sample }] of samples.entries()) {
    const entry = { receivedAtMs: sample.observedAtMs, sequence: at + 2, index: 0 };
    alerts.report(vehicleId, [sample], entry);
  }
  const perSecond = ratePerSecond(samples.length * RULES, startMs);
  globalThis.gc?.();
  const held = process.memoryUsage().heapUsed - before;
  return { perSecond, bytesPerThousand: (held / (alerts.vehicles.size * RULES)) * 1_000 };
}

const ratePerSecond = (count: number, startMs: number): number =>
  (count / (performance.now() - startMs)) * 1_000;
