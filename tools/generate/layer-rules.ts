/**
 * Writes tools/layers.biome.json, the linter's form of the table in layers.ts.
 */
import { writeOrCheck } from '../generated.ts';
import { type Layer, layers } from '../layers.ts';

/** How deep the folders of a room may be nested. */
const DEPTHS = [0, 1, 2];

interface Override {
  readonly includes: readonly string[];
  readonly patterns: readonly Pattern[];
}

interface Pattern {
  readonly group: readonly string[];
  readonly message: string;
}

function overridesOf(layer: Layer): readonly Override[] {
  if (layer.butNot === 'anything else') return DEPTHS.map((depth) => pure(layer, depth));
  const { rooms } = layer;
  return rooms === undefined ? [impure(layer)] : DEPTHS.map((depth) => inRoom(layer, rooms, depth));
}

/** Relative imports stay in the room or reach one of the others. */
function inRoom(layer: Layer, rooms: readonly string[], depth: number): Override {
  const { includes, patterns } = impure(layer);
  const out = '../'.repeat(depth + 1);
  const group = [`${out}**`, ...rooms.map((room) => `!${out}${room}/**`)];
  return {
    includes: includes.map((glob) => atDepth(glob, depth)),
    patterns: [...patterns, { group, message: layer.rule }],
  };
}

function impure({ files, mayImport, butNot, rule }: Layer): Override {
  const patterns = [
    { group: ['@odograph/*', '@odograph/*/**', ...mayImport.flatMap(allowPackage)], message: rule },
    { group: ['**/src/**', '!../src/**'], message: 'Another package is imported by its name.' },
  ];
  if (butNot?.includes('engines')) patterns.push({ group: ENGINE_CLIENTS, message: rule });
  if (butNot?.includes('grpc')) patterns.push({ group: ['@grpc/*', '@grpc/*/**'], message: rule });
  return { includes: files, patterns };
}

const ENGINE_CLIENTS = ['mongodb', 'mongodb/**', 'ioredis', 'ioredis/**', '@nats-io/*', '@nats-io/*/**'];

/** Relative imports stay in the room, so what they may be depends on how deep the file is in it. */
function pure({ files, mayImport, except = [], rule }: Layer, depth: number): Override {
  const group = [
    '**',
    '!./**',
    ...climbs(depth),
    ...mayImport.flatMap(allowPackage),
    ...except.map((name) => `!${name}`),
  ];
  return { includes: files.map((glob) => atDepth(glob, depth)), patterns: [{ group, message: rule }] };
}

/** The last pattern takes back what `*` lets through as `..`: a file may not climb out of its room. */
function climbs(depth: number): readonly string[] {
  const inside = Array.from({ length: depth }, (_, at) => `!${'../'.repeat(at + 1)}`);
  return [
    ...inside.flatMap((up) => [`${up}*.ts`, `${up}*/*.ts`, `${up}*/*/*.ts`]),
    `${'../'.repeat(depth + 1)}**`,
  ];
}

/** Narrows a glob that ends in "**", or has it before the file name, to the files of one depth. */
function atDepth(glob: string, depth: number): string {
  if (glob.startsWith('!')) return glob;
  const folders = '*/'.repeat(depth);
  return glob.endsWith('/**') ? `${glob.slice(0, -2)}${folders}*.ts` : glob.replace('/**/', `/${folders}`);
}

function allowPackage(name: string): readonly string[] {
  return [`!@odograph/${name}`, `!@odograph/${name}/**`];
}

function fresh(): string {
  const overrides = layers.flatMap(overridesOf).map(({ includes, patterns }) => {
    const noRestrictedImports = { level: 'error', options: { patterns } };
    return { includes, linter: { rules: { style: { noRestrictedImports } } } };
  });
  const lines = overrides.map((override) => JSON.stringify(override)).join(',\n');
  return `{"overrides":[\n${lines}\n]}\n`;
}

writeOrCheck('tools/layers.biome.json', fresh());
