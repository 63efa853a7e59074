import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { platformServices } from '@odograph/cluster/services';
import type { LimitName } from '@odograph/kernel/limit-fault';
import { listSettings } from '@odograph/platform/config/config';
import { expect, test } from 'vitest';

test.each(platformServices)(
  'each setting of $name that is a maximum is on the page of limits',
  async ({ main }) => {
    const { settings } = await import(join(dirname(main), 'config.ts'));
    const forgotten = listSettings(settings).filter(({ name, limit }) => name.includes('_MAX_') && !limit);
    expect(forgotten.map(({ name }) => name)).toEqual(
      MAXIMA_OF_ENGINES.filter((name) => name in byName(settings)),
    );
  },
);

const sectionOf = (page: string, title: string): string => {
  const [, section = ''] = readFileSync(join(import.meta.dirname, '../docs', page), 'utf8').split(
    `\n## ${title}\n`,
  );
  return section.split('\n## ')[0] as string;
};

/** The bounds in a text, such as `256 KiB`, after one of these words. */
const boundsIn = (text: string, words: string): string[] =>
  [...text.matchAll(new RegExp(`(?:${words}) (\\d[\\d,]*\\b(?: [KM]i?B)?)`, 'gi'))].map(
    ([, bound = '']) => bound,
  );

test('each bound on a report that the page of bad input names is on the page of limits', () => {
  const named = boundsIn(sectionOf('bad-input.md', 'Reports that are rejected'), 'over|1 to|up to');
  expect(named).toHaveLength(9);
  const listed = [...sectionOf('limits.md', 'A report').matchAll(/^- \*\*(.+)\*\*/gm)].map(
    ([, bound]) => bound,
  );
  // Two bounds that are equal are two.
  for (const bound of named) expect(listed.splice(listed.indexOf(bound), 1)).toEqual([bound]);
});

/** Where the pages have a limit that a refusal names. */
interface Places {
  /** What the line of limits.md has. */
  readonly line: string;
  /** The row of bad-input.md. */
  readonly row: string;
  /** The name in the refusal and in operations.md, unless the way out is to send a smaller message. */
  readonly name?: string;
}

const PLACES: Readonly<Record<LimitName, Places>> = {
  message_bytes: { line: '`ODO_INGEST_MAX_MESSAGE_BYTES`', row: 'M2' },
  message_reports: { line: '`ODO_INGEST_MAX_REPORTS`', row: 'M3' },
  client_reports_per_second: {
    line: '`ODO_INGEST_MAX_REPORTS_PER_SECOND`',
    ...{ row: 'M9', name: 'reports/s' },
  },
  client_windows_per_second: {
    line: '`ODO_INGEST_MAX_WINDOWS_PER_SECOND`',
    ...{ row: 'M15', name: 'windows/s' },
  },
  client_vehicles_per_second: {
    line: '`ODO_INGEST_MAX_VEHICLES_PER_SECOND`',
    ...{ row: 'M16', name: 'vehicles/s' },
  },
  client_decisions_per_second: {
    line: '`ODO_HISTORY_MAX_DECISIONS_PER_SECOND`',
    ...{ row: 'V11', name: 'decisions/s' },
  },
  client_connections: { line: '`ODO_INGEST_MAX_CONNECTIONS`', row: 'M11', name: 'connections' },
  work_bytes: { line: '`ODO_INGEST_MAX_WORK_BYTES`', row: 'M17', name: 'bytes of batches in work' },
  queued_bytes: { line: 'memory for events that wait for disk', row: 'M12', name: 'bytes waiting for disk' },
  stream_bytes: { line: '`ODO_INGEST_STREAM_FULL_PCT`', row: 'M12', name: 'bytes of the stream' },
  free_disk: { line: '`ODO_INGEST_MIN_FREE_DISK_PCT`', row: 'M12', name: '% free disk' },
};

/** The lines of limits.md. */
const limitLines = readFileSync(join(import.meta.dirname, '../docs/limits.md'), 'utf8').split('\n- ');
const root = join(import.meta.dirname, '..');
const refusingSources = globSync('{services/*,packages/{event-log,decisions}}/src/**/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .filter((source) => source.includes('new LimitFault('));
const refusedRows = sectionOf('bad-input.md', 'Messages and connections that are refused').split('\n');
const decisionRows = sectionOf('bad-input.md', 'Decisions about vehicles that are refused').split('\n');
const rowOf = (id: string) => [...refusedRows, ...decisionRows].filter((row) => row.startsWith(`| ${id} |`));

test.each(Object.entries(PLACES))('each page has the limit %s', (_, { line, row, name }) => {
  expect(limitLines.filter((each) => each.includes(line))).toHaveLength(1);
  expect(rowOf(row)).toHaveLength(1);
  if (name === undefined) return;
  const ofFull = sectionOf('operations.md', 'A full stream, a full disk');
  expect(ofFull.includes(`${name}**`)).toBe(true);
  expect(refusingSources.some((source) => source.includes(name))).toBe(true);
});

/** Bounds that limits.md has in other words. */
const IN_OTHER_WORDS: Readonly<Record<string, string>> = {
  '1 MB': '**1,000,000 bytes**',
  '4 MB': '**4**: times the size of a message',
  '1 KiB': 'one for each KiB',
  '8': 'the first 8 of each report',
};

test('each bound on a message or a client that the page of bad input names is on the page of limits', () => {
  const named = refusedRows.flatMap((row) => boundsIn(row, 'over|more than|above|at most'));
  expect(named.length).toBeGreaterThan(8);
  const ofIngest = limitLines.filter((line) => line.includes('(telemetry-ingest'));
  const missing = named.filter((bound) => {
    const wanted = IN_OTHER_WORDS[bound] ?? `**${bound}**`;
    return !ofIngest.some((line) => `- ${line}`.includes(wanted));
  });
  expect(missing).toEqual([]);
});

/** They bound nothing that a caller can ask for. */
const MAXIMA_OF_ENGINES = ['ODO_HISTORY_STREAM_MAX_BYTES'];

const byName = (settings: Parameters<typeof listSettings>[0]) =>
  Object.fromEntries(listSettings(settings).map((each) => [each.name, each]));
