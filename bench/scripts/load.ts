/**
 * Increases users and vehicles until the platform breaks, with one history and with two, and records the run.
 * Exit code: 1 if a bar of the judged step fails.
 */
import { Command } from 'commander';
import { loadReport, passesAll, stepText } from '../src/report/load-report.ts';
import { type Ramp, writeRun } from '../src/report/run-record.ts';
import { LOAD_PLANS } from '../src/run/load-plan.ts';
import { runHeader, startProgress } from '../src/run/run-header.ts';
import { runLoad } from '../src/run/run-load.ts';

const { quick } = new Command('load')
  .description('Increases users and vehicles until the platform breaks, and reports at which load and why')
  .option('--quick', 'fewer and shorter steps, about two minutes')
  .parse()
  .opts<{ quick?: boolean }>();

const plan = LOAD_PLANS[quick ? 'load-quick' : 'load'];
const header = await runHeader();
const print = startProgress();
const progress = {
  started: (histories: number) =>
    print(`a platform with ${histories} × history runs and has hours of samples`),
  measured: (step: Ramp['steps'][number]) =>
    print(
      `${stepText(step)}: ${step.requestsPerSecond.toFixed(0)} requests/s, p95 ${step.api.p95Ms.toFixed(0)} ms, ` +
        `${step.messagesPerSecond.toFixed(0)} messages/s`,
    ),
};

const ramps: Ramp[] = [];
for (const histories of [1, 2]) ramps.push(await runLoad(plan, histories, progress));
const file = writeRun({ ...header, form: plan.form, ramps });
console.log(`\n${loadReport(ramps)}\n\nrecorded in ${file}`);
process.exitCode = passesAll(ramps) ? 0 : 1;
