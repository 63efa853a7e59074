import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { startPlatform } from './platform.fixture.ts';

const PAGE = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');

interface ListedMetric {
  readonly name: string;
  readonly of: string;
}

const LISTED: readonly ListedMetric[] = [...PAGE.matchAll(/^\| `(\w+)` \| (history|ingest|both) \|/gm)].map(
  ([, name = '', of = '']) => ({ name, of }),
);

/** The names of a service's metrics. */
async function scraped(endpoint: string | undefined): Promise<readonly string[]> {
  const text = await (await fetch(`http://${endpoint}/metrics`)).text();
  return [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name);
}

test('docs/operations.md lists what the services measure, all of it and nothing else', async () => {
  await using platform = await startPlatform();
  const report = { vehicle_id: 'bus-1', observed_at: '2026-11-21T10:00:00Z', signals: { speed_kmh: 400 } };
  const file = await platform.writeFile('one.ndjson', JSON.stringify(report));
  const { positions } = await platform.replay(file, '--format', 'ndjson');
  await platform.json('status', '--at-least', String(positions[0]));
  const metrics = await platform.metrics();

  for (const service of ['history', 'ingest']) {
    const listed = LISTED.filter(({ of }) => of === service || of === 'both').map(({ name }) => name);
    expect(listed.length).toBeGreaterThan(8);
    await vi.waitFor(
      async () => {
        const names = await scraped(metrics[service]);
        expect(names.toSorted()).toEqual(listed.toSorted());
      },
      // A flush is a part of it.
      { timeout: 40_000, interval: 500 },
    );
  }
});
