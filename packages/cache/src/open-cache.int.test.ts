import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose } from '@odograph/platform/app/compose';
import { natsPart } from '@odograph/platform/app/service-parts';
import { silentLogger as logger } from '@odograph/platform/logger';
import { startTestNats, startTestRedis } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { countsOf, TEXT } from './cache.fixture.ts';
import { openCache } from './open-cache.ts';
import { openLevels } from './open-levels.ts';
import { POLICIES } from './policies.ts';

/** The addresses of the engines of one test. */
async function startEngines() {
  const [nats, redis] = await Promise.all([startTestNats(), startTestRedis()]);
  onTestFinished(async () => {
    await Promise.all([nats[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()]);
  });
  return { nats: nats.url, redis: redis.url };
}

interface ProgramOptions extends Pick<Parameters<typeof openCache>[0], 'earlier'> {
  readonly nats: string;
  readonly redis?: string;
  readonly folder?: string;
}

/** A program with a cache of texts. */
async function startProgram({ nats: url, redis = '', folder, ...earlier }: ProgramOptions) {
  const counts = countsOf([]);
  const app = compose('program')
    .part('nats', () => natsPart({ url, name: 'program', logger }))
    .part('levels', () =>
      openLevels({
        ...{ redis: { url: redis }, name: 'program', patienceMs: 10_000, counts, logger },
        ...(folder !== undefined && { files: { folder, maxBytes: 1_000_000 } }),
      }),
    )
    .part('cache', ({ nats, levels }) => openCache({ nats, levels, counts, logger, ...earlier }))
    .build();
  const { cache, invalidations } = (await app.start()).cache;
  onTestFinished(() => app.stop(5_000));
  const texts = cache.addType({ name: 'text', policy: POLICIES.staticList, share: 0.5, codec: TEXT });
  const { signal } = new AbortController();
  const get = async (value: string) => {
    const answer = await texts.getOrLoad('k', async () => ({ value, version: [] }), { signal });
    return `${answer.value} from ${answer.from}`;
  };
  const keep = () => ({
    ...{ floors: cache.keep(), pending: cache.pending(), invalidations: invalidations.seen() },
  });
  return { cache, get, keep, stop: () => app.stop(5_000) };
}

test('programs share what they have loaded, and what is deleted by one is gone in all', async () => {
  const engines = await startEngines();
  const [one, other] = [await startProgram(engines), await startProgram(engines)];
  expect(await one.get('old')).toBe('old from source');
  expect(await other.get('no')).toBe('old from redis');
  expect(await one.cache.invalidate([{ key: 'text:k' }])).toBe('done');
  await eventually(async () => expect(await other.get('new')).toMatch('new'));
  expect(await one.get('no')).toMatch('new');
});

test('files are answered after a restart, unless the value was deleted meanwhile, or before it and not published', async () => {
  const { nats } = await startEngines();
  const folder = await mkdtemp(join(tmpdir(), 'odograph-cache-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const first = await startProgram({ nats, folder });
  expect(await first.get('first')).toBe('first from source');
  const earlier = first.keep();
  await first.stop();
  const second = await startProgram({ nats, folder, earlier });
  expect(await second.get('no')).toBe('first from files');
  await second.stop();
  const third = await startProgram({ nats, folder, earlier: { ...earlier, pending: [{ key: 'text:k' }] } });
  await eventually(async () => expect(await third.get('third')).toBe('third from source'));
  await third.stop();
  const other = await startProgram({ nats });
  expect(await other.cache.invalidate([{ key: 'text:k' }])).toBe('done');
  const fourth = await startProgram({ nats, folder, earlier });
  await eventually(async () => expect(await fourth.get('fourth')).toBe('fourth from source'));
});
