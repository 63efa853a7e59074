/**
 * Runs the races of packages/cache on our cache and on bentocache, and prints the results side by side.
 * Exit code: 1 if ours is wrong in one of them, or if bentocache is installed and its run gave no results.
 */
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readOwn } from '@odograph/engines/own-json';
import { projectRoot } from '@odograph/engines/project-paths';
import { outcomesOf, type RaceOutcomes, raceTable } from '../src/races/race-results.ts';
import { installReference } from '../src/reference/install-reference.ts';

const SUITE = 'packages/cache/src/races.int.test.ts';

/** @returns the outcomes of all tests; undefined if the run left none. */
async function runRaces(cache: string, env: NodeJS.ProcessEnv = {}): Promise<RaceOutcomes | undefined> {
  const folder = resolve(projectRoot, '.cache/bench');
  const file = join(folder, `races-of-${cache}.json`);
  await mkdir(folder, { recursive: true });
  await rm(file, { force: true });
  const output = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const options = { cwd: projectRoot, env: { ...process.env, NO_COLOR: '1', ...env }, maxBuffer: 1e8 };
  const said = await new Promise<string>((done) => {
    // Failed tests are results too; without results, what it says is the reason.
    execFile('vitest', ['run', '--project=int', SUITE, ...output], options, (error, stdout, stderr) =>
      done(`${stdout}${stderr}` || String(error)),
    );
  });
  const results = readOwn(file);
  const outcomes = outcomesOf(results === undefined ? { testResults: [] } : JSON.parse(results));
  if (outcomes.size > 0) return outcomes;
  console.error(`the run of ${cache} gave no results:\n${said.trim()}`);
  return undefined;
}

async function runBentocache() {
  const installed = await installReference('bentocache');
  if (!installed.isInstalled) {
    console.log(`bentocache: not raced, ${installed.why}`);
    return { isRaced: false, outcomes: undefined };
  }
  const adapter = join(installed.directory, 'race-node.mjs');
  return { isRaced: true, outcomes: await runRaces('bentocache', { ODO_RACES_WITH: adapter }) };
}

const ours = await runRaces('ours');
const { isRaced, outcomes: theirs } = await runBentocache();
if (ours) {
  const others = theirs ? [{ name: 'bentocache', outcomes: theirs }] : [];
  console.log(raceTable([{ name: 'ours', outcomes: ours }, ...others]));
}
const isOursRight = ours !== undefined && [...ours.values()].every((why) => why === undefined);
if (!isOursRight || (isRaced && theirs === undefined)) process.exitCode = 1;
