import { execFile } from 'node:child_process';
import { styleText } from 'node:util';
import { generators, root } from './generated.ts';
import type { Tally } from './test-summary.ts';

/** The tools write to a pipe here, so they need a flag. */
const inColour = process.stdout.isTTY
  ? { tsc: ['--pretty'], biome: ['--colors=force'] }
  : { tsc: [], biome: [] };

/** Python with the packages of the Python client; its configuration is in pyproject.toml. */
const python = (...args: readonly string[]) => ['clients/python/scripts/python', '-m', ...args] as const;

/** What can be checked without running the project. */
const checks: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  types: ['tsc', '-p', 'tsconfig.json', ...inColour.tsc],
  'lint and format': ['biome', 'check', '--error-on-warnings', ...inColour.biome, '.'],
  'proto lint': ['buf', 'lint'],
  'Python types': python(
    ...['mypy', '--config-file=clients/python/pyproject.toml', '--cache-dir=.cache/mypy'],
    ...['clients/python/src', 'clients/python/tests'],
  ),
  'Python lint': python('ruff', 'check', '--quiet', '--cache-dir=.cache/ruff', 'clients/python'),
  'Python format': python('ruff', 'format', '--quiet', '--diff', '--cache-dir=.cache/ruff', 'clients/python'),
  prose: [process.execPath, 'tools/prose.ts'],
  ...Object.fromEntries(
    Object.entries(generators).map(([what, script]) => [
      `${what}: current`,
      [process.execPath, script, '--check'] as const,
    ]),
  ),
};

/** Runs all checks at the same time, and prints the result of each and the output of those that fail. */
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
