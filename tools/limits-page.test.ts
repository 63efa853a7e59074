import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { platformServices } from '@odograph/cluster/services';
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

test('each bound on a report that the page of bad input names is on the page of limits', () => {
  const rows = sectionOf('bad-input.md', 'Reports that are rejected');
  const named = [...rows.matchAll(/(?:over|1 to|up to) ([\d,]+(?: KiB)?)/gi)].map(([, bound]) => bound);
  expect(named).toHaveLength(9);
  const listed = [...sectionOf('limits.md', 'A report').matchAll(/^- \*\*(.+)\*\*/gm)].map(
    ([, bound]) => bound,
  );
  // Two bounds that are equal are two.
  for (const bound of named) expect(listed.splice(listed.indexOf(bound), 1)).toEqual([bound]);
});

/** They bound nothing that a caller can ask for. */
const MAXIMA_OF_ENGINES = ['ODO_HISTORY_STREAM_MAX_BYTES'];

const byName = (settings: Parameters<typeof listSettings>[0]) =>
  Object.fromEntries(listSettings(settings).map((each) => [each.name, each]));
