import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');
const PROTO = 'proto/odograph/telemetry/v1/signals.proto';
const TABLE = 'packages/kernel/src/signal.ts';

/** Uses the invented signal as any code would; prints what the test compares. */
const PROBE = `
import { contentHash } from '@odograph/contracts/canonical';
import { signalsToDomain, signalsToWire } from '@odograph/contracts/signals';
const hash = (signals) => contentHash({ samples: [{ observedAtMs: 1, signals: signalsToWire(signals) }] }).toString('hex');
const signals = { tyre_pressure_kpa: 220 };
console.log(JSON.stringify({
  wire: signalsToWire(signals).tyrePressureKpa,
  domain: signalsToDomain(signalsToWire(signals)),
  hashes: new Set([hash({}), hash(signals), hash({ tyre_pressure_kpa: 221 })]).size,
}));
`;

test('a new signal compiles only with a row in the table, and the row is all that it needs', {
  timeout: 120_000,
}, () => {
  const copy = copyOfContracts();
  change(
    copy,
    PROTO,
    '  // Any other signal,',
    '  // Pressure.\n  optional double tyre_pressure_kpa = 16;\n  // Any other signal,',
  );
  expect(run(copy, 'packages/contracts/scripts/generate.ts')).toContain('out of date');
  expect(compile(copy)).toMatch(/signals\.ts.*'"tyrePressureKpa"' does not satisfy the constraint 'never'/);

  const row = `  tyre_pressure_kpa: number('Vehicle.Tyre', { unit: 'kPa', min: 0, max: 2_000 }),\n`;
  change(
    copy,
    TABLE,
    '} as const satisfies Record<string, KnownSignal>',
    `${row}} as const satisfies Record<string, KnownSignal>`,
  );
  run(copy, 'packages/contracts/scripts/generate.ts');
  expect(compile(copy)).toBe('');
  writeFileSync(join(copy, 'packages/contracts/probe.ts'), PROBE);
  expect(JSON.parse(run(copy, 'packages/contracts/probe.ts'))).toEqual({
    wire: 220,
    domain: { tyre_pressure_kpa: 220 },
    hashes: 3,
  });
});

test('a row without a field does not compile', { timeout: 120_000 }, () => {
  const copy = copyOfContracts();
  change(copy, TABLE, `  charging: boolean('`, `  fan_on: boolean('Vehicle.Fan'),\n  charging: boolean('`);
  run(copy, 'packages/contracts/scripts/generate.ts');
  expect(compile(copy)).toContain('fanOn');
});

/** A copy of what defines and uses signals, in which a test may invent one. */
function copyOfContracts(): string {
  const copy = mkdtempSync(join(tmpdir(), 'odograph-signals-'));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  const isSource = (path: string) => !path.endsWith('.test.ts') && !path.endsWith('node_modules');
  for (const part of [
    'proto',
    'buf.yaml',
    'buf.gen.yaml',
    'tsconfig.json',
    'packages/kernel',
    'packages/contracts',
    'clients/typescript/package.json',
    'clients/python/scripts',
  ]) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true, filter: isSource });
  }
  linkModules(copy);
  return copy;
}

/** Links the installed packages, but the copies of ours. */
function linkModules(copy: string): void {
  mkdirSync(join(copy, '.cache'));
  symlinkSync(join(ROOT, '.cache/python'), join(copy, '.cache/python'));
  const [from, to] = [join(ROOT, 'node_modules'), join(copy, 'node_modules')];
  mkdirSync(join(to, '@odograph'), { recursive: true });
  for (const name of readdirSync(from).filter((name) => name !== '@odograph')) {
    symlinkSync(join(from, name), join(to, name));
  }
  for (const name of ['kernel', 'contracts']) {
    symlinkSync(join(copy, 'packages', name), join(to, '@odograph', name));
  }
}

function change(copy: string, file: string, from: string, to: string): void {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

function run(copy: string, script: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], { cwd: copy, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

/** What the compiler says; '' if it accepts the copy. */
function compile(copy: string): string {
  const args = ['-p', 'tsconfig.json', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), args, { cwd: copy, encoding: 'utf8' });
  return stdout;
}
