import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Tally } from './test-summary.ts';

export const root = resolve(import.meta.dirname, '..');

/** The tools write into a pipe here, so they have to be told. */
const inColour = process.stdout.isTTY
  ? { tsc: ['--pretty'], biome: ['--colors=force'] }
  : { tsc: [], biome: [] };

/** What is true of the sources without running them. */
const checks: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  types: ['tsc', '-p', 'tsconfig.json', ...inColour.tsc],
  'lint and format': ['biome', 'check', '--error-on-warnings', ...inColour.biome, '.'],
  'proto lint': ['buf', 'lint'],
  'generated code is current': [process.execPath, 'packages/contracts/scripts/generate.ts', '--check'],
  'docs/configuration.md is current': [process.execPath, 'tools/configuration-page.ts', '--check'],
  'docs/signals.md is current': [process.execPath, 'tools/signals-page.ts', '--check'],
};

/** Runs all checks at the same time, says how each went, and shows what a failed one has to say. */
export async function runChecks(): Promise<Tally> {
  const outcomes = await Promise.all(
    Object.entries(checks).map(([name, command]) => runCheck(name, command)),
  );
  const passed = outcomes.filter(Boolean).length;
  return { passed, failed: outcomes.length - passed, skipped: 0 };
}

function runCheck(name: string, [program, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  const start = performance.now();
  return new Promise((done) => {
    execFile(program, args, { cwd: root, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const mark = error === null ? styleText('green', '✓') : styleText('red', '✗');
      console.log(` ${mark} ${name} ${styleText('dim', `${seconds} s`)}`);
      if (error !== null) console.log(`${stdout}${stderr}`.trim() || error.message);
      done(error === null);
    });
  });
}
