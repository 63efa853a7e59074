import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { root } from './generated.ts';
import { type Tally, tallyTests, type VitestResults } from './test-summary.ts';

const RESULTS_FILE = resolve(root, '.cache/test-results.json');

interface TestRun {
  readonly tally: Tally;
  /** Whether a signal ended it early. */
  readonly isInterrupted: boolean;
}

/** Runs vitest and counts by the results it writes for programs. */
export async function runVitest(...args: readonly string[]): Promise<TestRun> {
  rmSync(RESULTS_FILE, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${RESULTS_FILE}`];
  const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1' };
  const child = spawn('vitest', ['run', ...reporters, ...args], { cwd: root, env, stdio: 'inherit' });
  let isInterrupted = false;
  // A Ctrl-C reaches vitest by itself; either way this process stays until the engines are down.
  process.on('SIGINT', () => {
    isInterrupted = true;
  });
  process.on('SIGTERM', () => {
    isInterrupted = true;
    child.kill('SIGTERM');
  });
  const exitCode = await new Promise<number>((done) => {
    child.once('error', () => done(1));
    child.once('exit', (code) => done(code ?? 1));
  });
  return { tally: tallyTests(readResults(), exitCode), isInterrupted };
}

function readResults(): VitestResults | undefined {
  if (!existsSync(RESULTS_FILE)) return undefined;
  return JSON.parse(readFileSync(RESULTS_FILE, 'utf8')) as VitestResults;
}
