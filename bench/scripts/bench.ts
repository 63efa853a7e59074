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

const PARTS = ['references', 'latency', 'replay', 'takeover', 'growth', 'cache', 'alerting'] as const;
type Part = (typeof PARTS)[number];

const { form, only } = new Command('bench')
  .description('Measures the platform beside raw inserts and Emmett, as ratios')
  .addOption(new Option('--form <form>', 'how long to measure').choices(['quick', 'full']).default('quick'))
  .addOption(new Option('--only <parts...>', 'some parts alone, which are not recorded').choices(PARTS))
  .parse()
  .opts<{ form: BenchRun['form']; only?: readonly Part[] }>();

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

const run: BenchRun = { ...header, form, measures: [], notMeasured: [] };
const raw = () => run.measures.find(({ name }) => name.startsWith('R: '));

async function measurePart(part: Part): Promise<Partial<Pick<BenchRun, 'measures' | 'notMeasured'>>> {
  switch (part) {
    case 'references':
      return await referenceMeasures();
    case 'latency':
      return { measures: [...(await latencyMeasures(plan, progress))] };
    case 'replay':
      return { measures: [...(await replayMeasures(plan, progress))] };
    case 'takeover':
      return { measures: [...(await takeoverMeasures(plan, progress))] };
    case 'growth':
      return { measures: [...(await growthMeasures(plan, progress))] };
    case 'cache':
      return await cacheMeasures(plan, progress);
    case 'alerting':
      return { measures: [...(await alertingMeasures(plan, raw(), progress))] };
  }
}

for (const part of only ?? PARTS) {
  const { measures = [], notMeasured = [] } = await measurePart(part);
  run.measures.push(...measures);
  run.notMeasured.push(...notMeasured);
}
const recorded = only ? 'not recorded' : `recorded in ${writeRun(run)}`;
console.log(`\n${benchReport(run)}\n\n${recorded}`);
