/**
 * Writes docs/configuration.md from the settings of the services and the options of `odograph up`.
 * With `--check` it writes nothing, and its exit code is 1 if the page is not current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { upCommand } from '@odograph/cli/commands/up';
import { historySettings } from '@odograph/history/config';
import { listSettings } from '@odograph/platform/config/config';
import type { Setting } from '@odograph/platform/config/setting';
import { ingestSettings } from '@odograph/telemetry-ingest/config';
import { root } from './checks.ts';

/** Each service gets a section. */
const SERVICES = [
  { name: 'history', settings: listSettings(historySettings) },
  { name: 'telemetry-ingest', settings: listSettings(ingestSettings) },
];

const PAGE = resolve(root, 'docs/configuration.md');

const HEAD = `# Configuration

Every setting is an environment variable that a process reads once, when it starts.
An empty value counts as not set.
A process ends with exit code 2 and a line for each problem if a value is wrong, if a required value is missing,
or if a name has the prefix of the service, for example \`ODO_HISTORY_\`, and is not one of its settings.
Each service logs its settings when it starts, without passwords.
This page is generated: \`npm run docs:configuration\`.
`;

const UP = `## odograph up

Options of the command line have priority over the environment.
\`up\` passes its environment to the services, except for the settings that it decides itself:
\`ODO_NATS_URL\`, \`ODO_MONGO_URL\`, \`ODO_GRPC_PORT\`, \`ODO_METRICS_PORT\`, \`ODO_PARTITIONS\`.
`;

/** Not read by services, so not declared as settings. */
const UP_SETTINGS = `- \`ODO_DATA_DIR\`, default \`.data\` in the checkout, a directory:
  where \`odograph up\` stores all data, and where the other commands find the running platform
- \`ODO_ENGINES_DIR\`, default \`.engines\` in the checkout, a directory:
  where engines are installed
- \`ODO_NATS_URL\`, \`ODO_MONGO_URL\`, no default, allowed as above:
  an engine that already runs; without it \`up\` starts one
`;

function page(): string {
  const isShared = ({ name }: Setting<unknown>) =>
    SERVICES.every(({ settings }) => settings.some((other) => other.name === name));
  const section = (title: string, settings: readonly Setting<unknown>[]) =>
    `## ${title}\n\n${settings.map(entryOf).join('')}`;
  return [
    HEAD,
    section('Every service', (SERVICES[0]?.settings ?? []).filter(isShared)),
    ...SERVICES.map(({ name, settings }) =>
      section(
        name,
        settings.filter((each) => !isShared(each)),
      ),
    ),
    `${UP}\n${UP_SETTINGS}\n${optionTable()}`,
  ].join('\n');
}

function entryOf(setting: Setting<unknown>): string {
  return `- \`${setting.name}\`, ${defaultOf(setting)}, ${setting.allowed}:\n  ${setting.meaning}\n`;
}

function defaultOf({ fallback, fallbackInWords, unit }: Setting<unknown>): string {
  if (fallback === undefined) return 'must be set';
  if (typeof fallback !== 'number') return `default ${fallbackInWords ?? `\`${fallback}\``}`;
  const inWords = inLargestUnit(fallback, unit);
  return `default \`${fallback}\`${unit === '' ? '' : ` ${unit}`}${inWords === '' ? '' : ` (${inWords})`}`;
}

const SCALES: Readonly<Record<string, readonly (readonly [size: number, word: string])[]>> = {
  ms: [
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ],
  bytes: [
    [1024 ** 3, 'GiB'],
    [1024 ** 2, 'MiB'],
    [1024, 'KiB'],
  ],
};

/** The value in the largest unit that gives a whole number; empty if that is its own unit. */
function inLargestUnit(value: number, unit: string): string {
  const scale = (SCALES[unit] ?? []).find(([size]) => value >= size && value % size === 0);
  return scale ? `${value / scale[0]} ${scale[1]}` : '';
}

function optionTable(): string {
  const lines = upCommand().options.map(
    ({ flags, description, defaultValue }) =>
      `| \`${flags}\` | ${typeof defaultValue === 'number' ? defaultValue : ''} | ${description} |\n`,
  );
  return `| option | default | meaning |\n| --- | --- | --- |\n${lines.join('')}`;
}

const fresh = page();
if (!process.argv.includes('--check')) writeFileSync(PAGE, fresh);
else if (readFileSync(PAGE, 'utf8') !== fresh) {
  console.error('docs/configuration.md differs from the settings: run npm run docs:configuration');
  process.exitCode = 1;
}
