import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@odograph/testing/eventually';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startCaches } from './cluster.fixture.ts';

const FROM_MS = Date.parse('2026-05-01T12:00:00Z');
const RANGE = { fromMs: FROM_MS, toMs: FROM_MS + 600_000 };

let platform: Awaited<ReturnType<typeof startCaches>>;

beforeEach(async () => {
  // A busy disk is waited for, so that what is in files is answered from there.
  platform = await startCaches(1, { ODO_CACHE_REDIS_WAIT_MS: '5000' });
  await platform.untilReady();
});

afterEach(() => platform.stop());

const speedsOf = async (vehicleId: string, atLeast?: { partition: number; sequence: number }) => {
  const { page } = await platform.clients[0].cachedSamplePage(vehicleId, { ...RANGE, atLeast });
  return page.samples.map(({ signals }) => signals?.speedKmh);
};
const report = (vehicleId: string, speed: number) =>
  platform.report(vehicleId, { speed_kmh: speed }, FROM_MS + speed * 1_000);
const answers = async () => {
  const { types } = await platform.clients[0].cacheStats();
  return types.find(({ type }) => type === 'samples')?.answers;
};

/** Keeps the samples of two vehicles of one partition, until they are in files. */
async function keepSamples() {
  for (const vehicleId of ['same-1', 'late-2'])
    expect(await speedsOf(vehicleId, await report(vehicleId, 10))).toEqual([10]);
  await eventually(async () => {
    const before = await answers();
    for (const vehicleId of ['same-1', 'late-2']) await speedsOf(vehicleId);
    expect(await answers()).toEqual({ ...before, memory: Number(before?.['memory']) + 2 });
  });
  await eventually(async () => {
    const { levels } = await platform.clients[0].cacheStats();
    expect(levels.map(({ level, queued }) => [level, queued])).toEqual([
      ['redis', 0],
      ['files', 0],
    ]);
  });
}

const theCache = () => {
  const [cache] = platform.cluster.caches;
  if (!cache) throw new Error('no cache');
  return cache;
};

test('what is kept in files is answered after a restart and without Redis, unless the log has changed it meanwhile', async () => {
  await keepSamples();
  await platform.clients[0].latestStatus('same-1');
  await theCache().stop();
  await platform.cluster.redis?.kill();
  await report('late-2', 20);
  await theCache().start();
  await platform.untilReady();
  expect(await speedsOf('same-1')).toEqual([10]);
  expect(await speedsOf('late-2')).toEqual([10, 20]);
  expect(await answers()).toMatchObject({ files: 1, source: 1 });
  const warmed = await Array.fromAsync(platform.clients[0].warmCache({ lastHot: true }));
  const done = warmed.at(-1)?.done;
  expect(done).toBeGreaterThanOrEqual(1);
  expect(warmed.at(-1)).toEqual({ done, failed: 0, total: done });
});

test('of a process that was killed before it stored what it had seen, all is read again of a partition that has gone on', async () => {
  await keepSamples();
  await theCache().kill();
  const atLeast = await report('late-2', 20);
  await theCache().start();
  expect(await speedsOf('late-2', atLeast)).toEqual([10, 20]);
  expect(await speedsOf('same-1', atLeast)).toEqual([10]);
  expect(await answers()).toMatchObject({ redis: 0, files: 0 });
});

test('positions that the log does not have say that it was restored: nothing is kept then', async () => {
  await keepSamples();
  await theCache().stop();
  const positions = [0, 1].map((partition) => ({ partition, sequence: 1_000_000 }));
  const known = { form: 1, positions, floors: [] };
  await writeFile(join(platform.dataDir, 'cache-1', 'known.json'), JSON.stringify(known));
  await theCache().start();
  await platform.untilReady();
  expect(await speedsOf('same-1')).toEqual([10]);
  expect(await answers()).toMatchObject({ redis: 0, files: 0 });
  expect(await speedsOf('same-1', await report('same-1', 20))).toEqual([10, 20]);
});

test('a delete that could not be published before a restart is published after it', async () => {
  await platform.clients[0].latestStatus('same-1', { atLeast: await report('same-1', 10) });
  await platform.cluster.nats.kill();
  await eventually(async () =>
    expect((await platform.clients[0].cacheStats()).isInvalidationsLive).toBe(false),
  );
  const before = (await platform.clients[0].cacheStats()).invalidations;
  expect(await platform.clients[0].invalidateCache({ keys: ['status:same-1'] })).toEqual({
    isDegraded: true,
  });
  await theCache().stop();
  await platform.cluster.nats.start();
  await theCache().start();
  await eventually(async () => {
    const { invalidations } = await platform.clients[0].cacheStats();
    expect(invalidations).toEqual({ ...before, sequence: Number(before?.sequence) + 1 });
  });
});
