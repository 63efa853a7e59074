import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';
import { expect, test } from 'vitest';

interface Stop {
  readonly file: string;
  readonly name: string;
  readonly calls: readonly string[];
}

/** The page's names of folders. */
const FOLDERS: Readonly<Record<string, string>> = {
  ingest: 'services/telemetry-ingest/src',
  history: 'services/history/src',
  'event-log': 'packages/event-log/src',
  projections: 'packages/projections/src',
};

const page = readFileSync(join(projectRoot, 'ARCHITECTURE.md'), 'utf8');
const rows = page.split('\n').flatMap((line) => {
  const [, step = '', file = '', names = '', , calls = ''] = line
    .split('|')
    .map((cell) => plain(cell.trim()));
  return file.endsWith('.ts') ? [{ step, file, names, calls }] : [];
});
const isJoin = ({ step }: (typeof rows)[number]) => step.startsWith('↓');

const stops = rows
  .filter((row) => !isJoin(row))
  .map(({ file, names, calls }): Stop => ({ file, name: names, calls: calls.split(', ').filter(Boolean) }));

/** What joins the functions: chains of calls within one file. */
const joins = rows.filter(isJoin).flatMap(({ file, names }): Stop[] => {
  const chain = names.split(' → ');
  return chain.slice(0, -1).map((name, at) => ({ file, name, calls: [chain[at + 1] as string] }));
});

function pathOf(file: string): string {
  const [folder = '', ...rest] = file.split('/');
  return join(projectRoot, FOLDERS[folder] ?? folder, ...rest);
}

function plain(code: string): string {
  return code.replaceAll('`', '');
}

/** The lines of a function: from the one that declares it to the bracket that closes it, which has the same indentation. */
function linesOf(file: string, name: string): readonly string[] {
  const lines = readFileSync(pathOf(file), 'utf8').split('\n');
  const declares = new RegExp(
    `^ *(export )?(async )?(function\\*? |const )?${name}( = )?(<.*>)?\\((.*[({])?$`,
  );
  const start = lines.findIndex((line) => declares.test(line));
  if (start < 0) return [];
  const indentation = /^ */.exec(lines[start] ?? '')?.[0] ?? '';
  const length = lines
    .slice(start)
    .findIndex((line) => line.startsWith(`${indentation}}`) && !line.endsWith('{'));
  return lines.slice(start, start + length + 1);
}

test.each([...stops, ...joins])(
  'the way of a report: $name is in $file and calls what the page says',
  ({ file, name, calls }) => {
    const lines = linesOf(file, name);
    expect(lines.length).toBeGreaterThan(1);
    const body = lines.slice(1).join('\n');
    for (const call of calls) expect(body).toMatch(new RegExp(`[^\\w]${call}\\??\\.?(<.*>)?\\(`));
  },
);

test('the way of a report is short enough to be read in ten minutes', () => {
  const lines = stops.map(({ file, name }) => linesOf(file, name).length);
  expect(stops.length).toBeGreaterThan(7);
  expect(joins.length).toBeGreaterThan(8);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThan(140);
});
