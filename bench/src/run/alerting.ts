import { resolve } from 'node:path';
import { Channel, callServerStream } from '@odograph/client/call';
import { AlertRulesService } from '@odograph/client/generated/odograph/alerting/v1/alert_rules';
import { createFleet } from '@odograph/sources/fleet/fleet';
import type { EvaluationOptions, EvaluationResults } from '../paths/evaluation.ts';
import { outputOf } from '../reference/child.ts';
import { measureOf, withRatio } from '../report/measure.ts';
import type { Measure } from '../report/run-record.ts';
import { alertLatencies } from './alert-latency.ts';
import type { Progress } from './flat-out.ts';
import { type BenchPlan, SEED } from './plan.ts';
import { type BenchPlatform, withPlatform } from './platform.ts';
import { sendAll } from './send-all.ts';

const EVALUATION: EvaluationOptions = { vehicles: 2_000, samples: 100 };
const BACKTEST_REPORTS = 200_000;

/** How fast rules are evaluated beside their bare expressions, how soon an alert is there, and what a backtest takes. */
export async function alertingMeasures(
  plan: BenchPlan,
  raw: Measure | undefined,
  progress: Progress,
): Promise<readonly Measure[]> {
  return [
    ...(await evaluationMeasures(plan, progress)),
    ...(await alertLatencies(plan, progress)),
    ...(await backtestMeasures(raw, progress)),
  ];
}

async function evaluationMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  const script = resolve(import.meta.dirname, '../../scripts/evaluation.ts');
  const turns: EvaluationResults[] = [];
  for (let turn = 0; turn < plan.repeats; turn += 1)
    turns.push(JSON.parse(await outputOf(script, EVALUATION, [], ['--expose-gc'])));
  const of = (name: string, unit: string, pick: (turn: EvaluationResults) => number) =>
    measureOf({ name, unit, better: 'higher' }, turns.map(pick));
  const bare = of('CEL, compiled expressions alone', 'evaluations/s', (turn) => turn.bare);
  const plain = of('alerting, without lateness', 'evaluations/s', (turn) => turn.withoutLateness);
  const late = of('alerting, with 5 s of lateness', 'evaluations/s', (turn) => turn.withLateness);
  progress(late.name, late.value, late.unit);
  const memory = measureOf(
    { name: 'alerting, memory of 1,000 states', unit: 'bytes', better: 'lower' },
    turns.map((turn) => turn.bytesPerThousand),
  );
  return [bare, withRatio(plain, bare), withRatio(late, bare), memory];
}

async function backtestMeasures(raw: Measure | undefined, progress: Progress): Promise<readonly Measure[]> {
  const rate = await withPlatform(1, backtestRate, 0, { alertings: 1 });
  progress('backtest', rate, 'events/s');
  const measure = measureOf({ name: 'backtest', unit: 'events/s', better: 'higher' }, [rate]);
  return [raw ? withRatio(measure, raw) : measure];
}

async function backtestRate(platform: BenchPlatform): Promise<number> {
  const fleet = createFleet({ movement: 'steps', vehicles: 2_000, samplesPerReport: 1, seed: SEED });
  const bytes = Array.from({ length: BACKTEST_REPORTS }, (_, at) => fleet.next(at % 2_000).bytes);
  await sendAll(platform, bytes);
  const channel = new Channel(platform.endpoints.alertings[0] ?? '');
  const document = 'rule: fast\nwhen: speed_kmh > 120\nlateness: 0s\n';
  const request = {
    document,
    otherDocument: '',
    fromMs: 1,
    toMs: Date.now() + 60_000,
    maxEvents: 0,
    withStateHashes: false,
  };
  try {
    let rate = 0;
    // The second time the code is compiled.
    for (let turn = 0; turn < 2; turn += 1)
      for await (const { events, result } of callServerStream(channel, AlertRulesService.backtest, request))
        if (result) rate = (events / result.tookMs) * 1_000;
    return rate;
  } finally {
    channel.close();
  }
}
