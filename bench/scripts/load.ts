/**
 * Lets users and vehicles become more until the platform breaks, with one history and with two, and records the run.
 * Exit code: 1 when a line at the judged step fails.
 */
import { execFileSync } from 'node:child_process';
import { projectRoot } from '@odograph/engines/project-paths';
import { Command } from 'commander';
import { PLANS } from '../src/ramp/ramp-plan.ts';
import { type Ramp, writeLoadRun } from '../src/ramp/ramp-record.ts';
import { holdsAll, loadReport } from '../src/ramp/ramp-report.ts';
import { stepWords } from '../src/ramp/ramp-table.ts';
import { type RampObserver, runRamp } from '../src/ramp/run-ramp.ts';
import { describeMachine } from '../src/report/machine.ts';
import { engineVersions } from '../src/run/engine-versions.ts';

const { quick } = new Command('load')
  .description('Lets users and vehicles become more until the platform breaks, and tells where and why')
  .option('--quick', 'in about two minutes, by fewer and shorter steps')
  .parse()
  .opts<{ quick?: boolean }>();

const plan = PLANS[quick ? 'quick' : 'full'];
const date = new Date().toISOString();
const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: projectRoot, encoding: 'utf8' }).trim();
const startMs = performance.now();
const tell = (what: string) => {
  console.log(`${((performance.now() - startMs) / 1_000).toFixed(0).padStart(4)} s  ${what}`);
};
const observer: RampObserver = {
  started: (histories) => tell(`a platform is up, with ${histories} × history and hours to read`),
  measured: ({ users, streams, requestsPerSecond, messagesPerSecond, api }) =>
    tell(
      `${stepWords({ users, streams })}: ${requestsPerSecond.toFixed(0)} requests/s, p95 ${api.p95Ms.toFixed(0)} ms, ` +
        `${messagesPerSecond.toFixed(0)} messages/s`,
    ),
};

const ramps: Ramp[] = [];
for (const histories of [1, 2]) ramps.push(await runRamp(plan, histories, observer));
const machine = describeMachine(await engineVersions());
const file = writeLoadRun({ schemaVersion: 1, commit, date, form: plan.form, machine, ramps });
console.log(`\n${loadReport(ramps)}\n\nrecorded in ${file}`);
process.exitCode = holdsAll(ramps) ? 0 : 1;
