/**
 * Writes docs/configuration.md from the settings of the services and the options of `odograph up`.
 * With `--check` nothing is written; the exit code is 1 when the page is not current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { upCommand } from '@odograph/cli/commands/up';
import { historySettings } from '@odograph/history/config';
import { ingestSettings } from '@odograph/telemetry-ingest/config';
import { root } from './checks.ts';
import { type Row, settingRow, settingsIn } from './setting-row.ts';

const PAGE = resolve(root, 'docs/configuration.md');

const HEAD = `# Configuration

Every setting is an environment variable, read once at the start. A value that is wrong, one that is missing, or a name with a service's own prefix (\`ODO_HISTORY_\`, \`ODO_INGEST_\`) that is none of its settings ends the process with exit
code 2 and a line for each; an empty value counts as not set. Each service logs its settings when it starts, passwords masked. This page is generated: \`npm run docs:configuration\`.
`;

const UP_SETTINGS: readonly Row[] = [
  [
    '`ODO_DATA_DIR`',
    '',
    '`.data` in the checkout',
    'a directory',
    'where `odograph up` keeps everything, and where the other commands look for what runs',
  ],
  ['`ODO_ENGINES_DIR`', '', '`.engines` in the checkout', 'a directory', 'where engines are installed'],
  [
    '`ODO_NATS_URL`, `ODO_MONGO_URL`',
    '',
    'none: one is started',
    'as above',
    'an engine that runs elsewhere, instead of one started here',
  ],
];

const UP = `## odograph up

Options of the command line come before the environment. \`up\` hands its environment on to the services, but for what it decides itself: \`ODO_NATS_URL\`, \`ODO_MONGO_URL\`, \`ODO_GRPC_PORT\`, \`ODO_METRICS_PORT\`, \`ODO_PARTITIONS\`.
`;

const COLUMNS = ['setting', 'unit', 'default', 'allowed', 'meaning'];

function page(): string {
  const [history, ingest] = [settingsIn(historySettings), settingsIn(ingestSettings)];
  const ingestNames = new Set(ingest.map(({ name }) => name));
  const shared = history.filter(({ name }) => ingestNames.has(name));
  const sharedNames = new Set(shared.map(({ name }) => name));
  const own = (settings: typeof history) =>
    settings.filter(({ name }) => !sharedNames.has(name)).map(settingRow);
  return [
    HEAD,
    `## Both services\n\n${table(shared.map(settingRow))}`,
    `## history\n\n${table(own(history))}`,
    `## telemetry-ingest\n\n${table(own(ingest))}`,
    `${UP}\n${table(UP_SETTINGS)}\n${optionTable()}`,
  ].join('\n');
}

function table(rows: readonly Row[]): string {
  const lines = [COLUMNS, COLUMNS.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
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
  console.error('docs/configuration.md is not what the settings say: run npm run docs:configuration');
  process.exitCode = 1;
}
