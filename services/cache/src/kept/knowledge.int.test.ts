import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRunDir } from '@odograph/testing/engines-setup';
import { expect, onTestFinished, test } from 'vitest';
import { KeptFile } from './kept-file.ts';
import { KeptKnowledge } from './knowledge.ts';

test('what could not be published is kept, also while the rest is not known', async () => {
  const folder = await makeRunDir();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const open = () => new KeptKnowledge(new KeptFile(join(folder, 'known.json')));
  const known = {
    positions: [{ partition: 0, sequence: 3 }],
    invalidations: { domain: 'invalidations', epoch: 1, sequence: 2 },
    ...{ floors: [], pending: [{ key: 'status:bus-1' }] },
  };
  await open().store(known);
  const next = open();
  expect(await next.read()).toEqual(known);
  await next.storePending([{ tag: 'north' }]);
  expect(await open().read()).toEqual({ ...known, pending: [{ tag: 'north' }] });
});
