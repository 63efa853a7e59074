import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

interface Planted {
  readonly file: string;
  readonly code: string;
}

interface Breach extends Planted {
  readonly what: string;
  readonly rule: string;
}

const uses = (from: string) => `import { x } from '${from}';\nexport const y = x;\n`;
const imports = (what: string, file: string, from: string): Breach => {
  return { what, file, code: uses(from), rule: 'noRestrictedImports' };
};

const layerBreaches: readonly Breach[] = [
  imports('kernel imports npm', 'packages/kernel/src/a.ts', 'mongodb'),
  imports('kernel imports Node', 'packages/kernel/src/b.ts', 'node:fs'),
  imports('kernel imports a package', 'packages/kernel/src/c.ts', '@odograph/contracts/signals'),
  imports('kernel climbs out', 'packages/kernel/src/d.ts', '../../contracts/src/signals.ts'),
  imports(
    'contracts imports a package below it',
    'packages/contracts/src/a.ts',
    '@odograph/event-log/envelope',
  ),
  imports('contracts climbs out', 'packages/contracts/src/b.ts', '../../event-log/src/envelope.ts'),
  imports(
    'event-log imports a package below it',
    'packages/event-log/src/a.ts',
    '@odograph/platform/config/config',
  ),
  imports('projections imports npm', 'packages/projections/src/a.ts', 'mongodb'),
  imports('projections imports wire types', 'packages/projections/src/b.ts', '@odograph/contracts/signals'),
  imports(
    'rules of alerting import a wire type',
    'services/alerting/src/rules/a.ts',
    '@odograph/contracts/signals',
  ),
  imports('rules of alerting import an engine', 'services/alerting/src/rules/b.ts', 'mongodb'),
  imports(
    'documents of alerting import a room',
    'services/alerting/src/documents/a.ts',
    '../rules/compile.ts',
  ),
  imports('notify of alerting imports rules/', 'services/alerting/src/notify/a.ts', '../rules/compile.ts'),
  imports('notify of alerting uses gRPC', 'services/alerting/src/notify/b.ts', '@grpc/grpc-js'),
  imports(
    'a folder of notify of alerting climbs out',
    'services/alerting/src/notify/receivers/zz.ts',
    '../../rules/compile.ts',
  ),
  imports('cache imports a service', 'packages/cache/src/zz.ts', '@odograph/history/app'),
  imports('platform imports a service', 'packages/platform/src/a.ts', '@odograph/history/app'),
  imports('platform imports engines', 'packages/platform/src/b.ts', '@odograph/engines/nats'),
  imports('platform climbs out', 'packages/platform/src/c.ts', '../../../services/history/src/app.ts'),
  imports(
    'engines imports a package below it',
    'packages/engines/src/a.ts',
    '@odograph/platform/config/config',
  ),
  imports('sources imports the client', 'packages/sources/src/a.ts', '@odograph/client'),
  imports('cluster imports a service', 'packages/cluster/src/a.ts', '@odograph/history/app'),
  imports('cluster imports the command line', 'packages/cluster/src/b.ts', '@odograph/cli/program'),
  imports('testing imports the command line', 'packages/testing/src/a.ts', '@odograph/cli/program'),
  imports('a client imports a package', 'clients/typescript/src/a.ts', '@odograph/kernel/fault'),
  imports('cli imports a service', 'cli/src/a.ts', '@odograph/history/log/writer'),
  imports('cli climbs to a service', 'cli/src/commands/a.ts', '../../../services/history/src/app.ts'),
  imports('chaos imports a service', 'chaos/src/a.ts', '@odograph/history/log/writer'),
  imports('fuzz imports a service', 'fuzz/src/a.ts', '@odograph/history/log/writer'),
  imports('bench imports a service elsewhere', 'bench/src/run/a.ts', '@odograph/history/log/writer'),
  imports('a service imports a service', 'services/history/src/app.ts', '@odograph/telemetry-ingest/app'),
  imports('a service imports the client', 'services/history/src/c.ts', '@odograph/client'),
  imports('a service climbs to a service', 'services/history/src/b.ts', '../../telemetry-ingest/src/app.ts'),
  imports(
    'a room climbs to a service',
    'services/history/src/log/c.ts',
    '../../../telemetry-ingest/src/app.ts',
  ),
  imports('a test imports a service', 'services/history/src/log/d.test.ts', '@odograph/telemetry-ingest/app'),
  imports('domain/ imports npm', 'services/history/src/domain/a.ts', 'mongodb'),
  imports('domain/ imports Node', 'services/history/src/domain/b.ts', 'node:fs'),
  imports('domain/ imports wire types', 'services/history/src/domain/c.ts', '@odograph/contracts/signals'),
  imports('domain/ climbs to another room', 'services/history/src/domain/d.ts', '../log/writer.ts'),
  imports('a folder of domain/ climbs out', 'services/history/src/domain/trip/a.ts', '../../log/writer.ts'),
  imports(
    'a nested folder climbs out',
    'services/history/src/domain/trip/leg/a.ts',
    '../../../log/writer.ts',
  ),
  imports('a test in domain/ uses an engine', 'services/history/src/domain/e.test.ts', 'mongodb'),
  imports('a test in domain/ climbs out', 'services/history/src/domain/f.test.ts', '../log/writer.ts'),
  imports('door/ uses MongoDB', 'services/telemetry-ingest/src/door/a.ts', 'mongodb'),
  imports('door/ uses NATS', 'services/telemetry-ingest/src/door/b.ts', '@nats-io/jetstream'),
  imports('door/ imports a service', 'services/telemetry-ingest/src/door/c.ts', '@odograph/history/app'),
  imports('api/ uses MongoDB', 'services/history/src/api/a.ts', 'mongodb'),
  imports('log/ uses gRPC', 'services/history/src/log/a.ts', '@grpc/grpc-js'),
  imports('views/ uses gRPC', 'services/history/src/views/a.ts', '@grpc/grpc-js'),
  imports('upkeep/ uses gRPC', 'services/history/src/upkeep/a.ts', '@grpc/grpc-js'),
  imports('log/ imports views/', 'services/history/src/log/e.ts', '../views/tail.ts'),
  imports('a folder of log/ imports views/', 'services/history/src/log/old/a.ts', '../../views/tail.ts'),
  imports('views/ imports upkeep/', 'services/history/src/views/b.ts', '../upkeep/trim.ts'),
  imports('views/ imports commands/', 'services/history/src/views/c.ts', '../commands/parked.ts'),
  imports('upkeep/ imports commands/', 'services/history/src/upkeep/b.ts', '../commands/parked.ts'),
  imports('commands/ imports upkeep/', 'services/history/src/commands/c.ts', '../upkeep/trim.ts'),
  imports('api/ imports upkeep/', 'services/history/src/api/b.ts', '../upkeep/trim.ts'),
  imports('api/ imports what builds it', 'services/history/src/api/c.ts', '../app.ts'),
  imports('door/ imports log-time/', 'services/telemetry-ingest/src/door/d.ts', '../log-time/ticks.ts'),
  imports('log-time/ imports door/', 'services/telemetry-ingest/src/log-time/a.ts', '../door/door.ts'),
  imports('log-time/ uses gRPC', 'services/telemetry-ingest/src/log-time/b.ts', '@grpc/grpc-js'),
  imports('a tool imports a service', 'tools/a.ts', '@odograph/history/log/writer'),
  imports(
    'a script imports a package below',
    'packages/contracts/scripts/a.ts',
    '@odograph/event-log/envelope',
  ),
  imports("a client's script imports a package", 'clients/typescript/scripts/a.ts', '@odograph/kernel/fault'),
  imports('an example imports a package', 'examples/a.ts', '@odograph/kernel/fault'),
  imports('commands/ uses gRPC', 'services/history/src/commands/a.ts', '@grpc/grpc-js'),
  imports('commands/ uses MongoDB', 'services/history/src/commands/b.ts', 'mongodb'),
];

const domain = (name: string) => `services/history/src/domain/${name}.ts`;

const purityBreaches: readonly Breach[] = [
  {
    what: 'domain/ reads the clock',
    file: domain('clock'),
    code: 'export const x = Date.now();\n',
    rule: 'plugin',
  },
  {
    what: 'projections reads the clock',
    file: 'packages/projections/src/clock.ts',
    code: 'export const x = Date.now();\n',
    rule: 'plugin',
  },
  {
    what: 'domain/ throws dice',
    file: domain('dice'),
    code: 'export const x = Math.random();\n',
    rule: 'plugin',
  },
  {
    what: 'domain/ awaits',
    file: domain('waits'),
    code: 'export async function x(y: Promise<number>) {\n  return (await y) + 1;\n}\n',
    rule: 'plugin',
  },
  {
    what: 'domain/ sets a timer',
    file: domain('timer'),
    code: 'export const x = () => setTimeout(() => 1, 5);\n',
    rule: 'noRestrictedGlobals',
  },
];

const manyLines = Array.from({ length: 71 }, (_, at) => `  console.log(${at});`).join('\n');
const manyBranches = Array.from({ length: 6 }, (_, at) => `    if (x > ${at}) for (;;) if (x) break;`).join(
  '\n',
);

const styleBreaches: readonly Breach[] = [
  {
    what: 'a floating promise',
    file: 'cli/src/b.ts',
    code: 'async function x() {}\nexport function y() {\n  x();\n}\n',
    rule: 'noFloatingPromises',
  },
  {
    what: 'a promise taken for its value',
    file: 'cli/src/c.ts',
    code: 'async function x() {\n  return true;\n}\nexport const y = x() ? 1 : 2;\n',
    rule: 'noMisusedPromises',
  },
  {
    what: 'a switch that misses a case',
    file: 'cli/src/d.ts',
    code: "export function x(y: 'a' | 'b') {\n  switch (y) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
    rule: 'useExhaustiveSwitchCases',
  },
  {
    what: 'an import cycle',
    file: 'cli/src/e.ts',
    code: "import { g } from './f.ts';\nexport const e = () => g();\n",
    rule: 'noImportCycles',
  },
  {
    what: 'the other half of it',
    file: 'cli/src/f.ts',
    code: "import { e } from './e.ts';\nexport const g = () => e();\n",
    rule: 'noImportCycles',
  },
  {
    what: 'an undeclared dependency',
    file: 'cli/src/g.ts',
    code: uses('left-pad'),
    rule: 'noUndeclaredDependencies',
  },
  {
    what: 'any',
    file: 'cli/src/h.ts',
    code: 'export const x = (y: any) => y;\n',
    rule: 'noExplicitAny',
  },
  {
    what: 'a default export',
    file: 'cli/src/i.ts',
    code: 'const x = 1;\nexport default x;\n',
    rule: 'noDefaultExport',
  },
  {
    what: 'a function of more than 70 lines',
    file: 'cli/src/j.ts',
    code: `export function x() {\n${manyLines}\n}\n`,
    rule: 'noExcessiveLinesPerFunction',
  },
  {
    what: 'a function that is hard to follow',
    file: 'cli/src/k.ts',
    code: `export function f(x: number) {\n  while (x) {\n${manyBranches}\n  }\n}\n`,
    rule: 'noExcessiveCognitiveComplexity',
  },
  {
    what: 'a file name in camel case',
    file: 'cli/src/camelCase.ts',
    code: 'export const x = 1;\n',
    rule: 'useFilenamingConvention',
  },
  {
    what: 'a swallowed error',
    file: 'cli/src/l.ts',
    code: 'try {\n  JSON.parse("");\n} catch {}\n',
    rule: 'noEmptyBlockStatements',
  },
];

const sound: readonly Planted[] = [
  { file: 'packages/kernel/src/sound.ts', code: uses('./position.ts') },
  { file: 'packages/event-log/src/sound.ts', code: uses('@odograph/contracts/signals') },
  { file: 'packages/projections/src/sound.ts', code: uses('@odograph/kernel/projection') },
  { file: domain('folding/sound'), code: uses('@odograph/projections/status') },
  { file: 'cli/src/sound.ts', code: uses('@odograph/client') },
  { file: 'bench/src/paths/sound.ts', code: uses('@odograph/history/domain/samples/samples') },
  { file: 'services/history/src/api/sound.test.ts', code: uses('@odograph/client') },
  { file: domain('trip/leg/sound'), code: uses('../../samples/sound.ts') },
  { file: domain('sound'), code: uses('@odograph/kernel/position') },
  { file: domain('status/sound'), code: uses('../sound.ts') },
  { file: domain('trip/sound'), code: uses('../sound.ts') },
  { file: domain('trip/sound.test'), code: uses('../sound.ts') },
  { file: domain('sound.test'), code: uses('fast-check') },
  { file: 'services/history/src/log/sound.ts', code: uses('../domain/sound.ts') },
  { file: 'services/history/src/log/client.ts', code: uses('mongodb') },
  { file: 'services/history/src/api/sound.ts', code: uses('@grpc/grpc-js') },
  { file: 'services/history/src/commands/sound.ts', code: uses('../views/sound.ts') },
  { file: 'services/history/src/views/sound.ts', code: uses('../log/sound.ts') },
  { file: 'services/history/src/views/deep/sound.ts', code: uses('../../log/sound.ts') },
  { file: 'services/history/src/views/deep/near.ts', code: uses('../sound.ts') },
  { file: 'tools/sound.ts', code: uses('@odograph/cli/program') },
  { file: 'packages/contracts/scripts/sound.ts', code: uses('../src/sound.ts') },
  { file: 'examples/sound.ts', code: uses('@odograph/client') },
];

const manifest = JSON.stringify({
  dependencies: Object.fromEntries(
    [
      ...['mongodb', '@nats-io/jetstream', '@grpc/grpc-js'],
      ...[
        'kernel',
        'contracts',
        'event-log',
        'platform',
        'engines',
        'projections',
        'cache',
        'client',
        'cli',
        'history',
        'telemetry-ingest',
      ].map((name) => `@odograph/${name}`),
    ].map((name) => [name, '0.0.0']),
  ),
});

const breaches = [...layerBreaches, ...purityBreaches, ...styleBreaches];

/** The rules that were broken, by file. */
let found: Map<string, Set<string>>;
let place: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-layers-'));
  await cp(join(root, 'biome.json'), join(place, 'biome.json'));
  for (const file of ['layers.biome.json', 'domain-is-pure.grit']) {
    await cp(join(root, 'tools', file), join(place, 'tools', file));
  }
  for (const { file, code } of [...breaches, ...sound]) {
    const path = join(place, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
  }
  await writeFile(join(place, 'package.json'), manifest);
  found = await lint();
});

afterAll(async () => {
  await rm(place, { recursive: true, force: true });
});

async function lint(): Promise<Map<string, Set<string>>> {
  const output = await new Promise<string>((done) => {
    const biome = join(root, 'node_modules/.bin/biome');
    const args = ['lint', '--reporter=github', '--max-diagnostics=none', '.'];
    execFile(biome, args, { cwd: place, maxBuffer: 1e8 }, (_error, stdout) => done(stdout));
  });
  const rules = new Map<string, Set<string>>();
  for (const [, title = '', path = ''] of output.matchAll(/^::error title=([^,]+),file=([^,]+),/gm)) {
    const file = relative(place, resolve(place, path));
    const rule = title.split('/').at(-1) ?? title;
    rules.set(file, (rules.get(file) ?? new Set()).add(rule));
  }
  return rules;
}

describe('the linter refuses what breaks a layer or the style', () => {
  test.each(breaches)('$what: $rule', ({ file, rule }) => {
    expect([...(found.get(file) ?? [])]).toContain(rule);
  });
});

test.each(sound)('the linter lets $file be', ({ file }) => {
  expect([...(found.get(file) ?? [])]).toEqual([]);
});
