/** Measures references and platform side by side, prints a table, and records the run. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';
import { startEngine } from '@odograph/engines/start-engine';
import { Command, Option } from 'commander';
import { runChart } from '../src/report/chart.ts';
import { describeMachine } from '../src/report/machine.ts';
import { type BenchRun, writeRun } from '../src/report/results.ts';
import { runTable } from '../src/report/table.ts';
import { engineVersions } from '../src/run/engine-versions.ts';
import { emmettMeasures, flatOutMeasures, repeatFlatOut, type Tell } from '../src/run/flat-out.ts';
import { latencyMeasures } from '../src/run/latency.ts';
import { PLANS } from '../src/run/plan.ts';

const { form, chart } = new Command('bench')
  .description('Measures the platform beside raw inserts and Emmett, as ratios')
  .addOption(new Option('--form <form>', 'how long to take').choices(['quick', 'full']).default('quick'))
  .option('--chart', 'also draw docs/bench.svg')
  .parse()
  .opts<{ form: BenchRun['form']; chart?: boolean }>();

const plan = PLANS[form];
const date = new Date().toISOString();
const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: projectRoot, encoding: 'utf8' }).trim();
const startMs = performance.now();
const tell: Tell = (what, value, unit) => {
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0).padStart(4);
  console.log(`${seconds} s  ${what}: ${value.toFixed(value < 100 ? 1 : 0)} ${unit}`);
};

const dataDir = await mkdtemp(join(tmpdir(), 'odograph-bench-reference-'));
const mongo = await startEngine('mongo', { dataDir });
const { repeats, emmett } = await (async () => {
  try {
    const inTurns = await repeatFlatOut(plan, mongo.url, tell);
    return { repeats: inTurns, emmett: await emmettMeasures(plan, mongo.url, inTurns, tell) };
  } finally {
    await mongo.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
})();

const run: BenchRun = {
  schemaVersion: 1,
  ...{ commit, date, form },
  machine: describeMachine(await engineVersions()),
  measures: [...flatOutMeasures(repeats), ...emmett.measures, ...(await latencyMeasures(plan, tell))],
  notMeasured: emmett.notMeasured,
};
const file = writeRun(run);
console.log(`\n${runTable(run)}\n\nrecorded in ${file}`);
if (chart) writeFileSync(join(projectRoot, 'docs/bench.svg'), runChart(run));
