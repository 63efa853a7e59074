/** Measures the references and the platform in turns, prints a table, and records the run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '@odograph/engines/start-engine';
import { Command, Option } from 'commander';
import { type BenchRun, writeRun } from '../src/report/run-record.ts';
import { benchReport } from '../src/report/table.ts';
import { alertingMeasures } from '../src/run/alerting.ts';
import { cacheMeasures } from '../src/run/cache.ts';
import { emmettMeasures, flatOutMeasures, type Progress } from '../src/run/flat-out.ts';
import { growthMeasures } from '../src/run/growth.ts';
import { latencyMeasures } from '../src/run/latency.ts';
import { PLANS } from '../src/run/plan.ts';
import { replayMeasures } from '../src/run/replay.ts';
import { runHeader, startProgress } from '../src/run/run-header.ts';
import { takeoverMeasures } from '../src/run/takeover.ts';

const { form } = new Command('bench')
  .description('Measures the platform beside raw inserts and Emmett, as ratios')
  .addOption(new Option('--form <form>', 'how long to measure').choices(['quick', 'full']).default('quick'))
  .parse()
  .opts<{ form: BenchRun['form'] }>();

const plan = PLANS[form];
const header = await runHeader();
const print = startProgress();
const progress: Progress = (what, value, unit) =>
  print(`${what}: ${value.toFixed(value < 100 ? 1 : 0)} ${unit}`);

async function referenceMeasures(): Promise<Pick<BenchRun, 'measures' | 'notMeasured'>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-bench-reference-'));
  const mongo = await startEngine('mongo', { dataDir });
  try {
    const flatOut = await flatOutMeasures(plan, mongo.url, progress);
    const emmett = await emmettMeasures(plan, mongo.url, flatOut, progress);
    return { measures: [...flatOut, ...emmett.measures], notMeasured: emmett.notMeasured };
  } finally {
    await mongo.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const { measures, notMeasured } = await referenceMeasures();
const ours = [latencyMeasures, replayMeasures, takeoverMeasures, growthMeasures];
const run: BenchRun = { ...header, form, measures: [...measures], notMeasured: [...notMeasured] };
for (const measure of ours) run.measures.push(...(await measure(plan, progress)));
const ofCache = await cacheMeasures(plan, progress);
run.measures.push(...ofCache.measures);
const raw = run.measures.find(({ name }) => name.startsWith('R: '));
run.measures.push(...(await alertingMeasures(plan, raw, progress)));
run.notMeasured.push(...ofCache.notMeasured);
const file = writeRun(run);
console.log(`\n${benchReport(run)}\n\nrecorded in ${file}`);
