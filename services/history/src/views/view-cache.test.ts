import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { turnsOf } from '@odograph/testing/work-turns';
import { expect, test, vi } from 'vitest';
import { Askers } from './askers.ts';
import type { LoadedStretch } from './read-model-store.ts';
import type { View } from './view.ts';
import { createViewCache, type KeptView } from './view-cache.ts';

const CHECKPOINT = { partition: 0, projection: 'totals', sequence: 1, parked: [] };
const EMPTY: View<unknown> = { slices: new Map(), through: 'z', position: CHECKPOINT, parked: undefined };
const VIEW: View<unknown> = { ...EMPTY, slices: new Map([['b', {}]]) };

function keptOf(subject: string, textBytes: number): KeptView<unknown> {
  const documents = [{ text: 'x'.repeat(textBytes) }];
  const slices = [{ subject, key: 'b', includes: { s: 1, i: 0 }, documents }];
  return {
    ...{ from: 'b', checkpoint: CHECKPOINT, through: 1, askers: new Askers(undefined) },
    documents: Promise.resolve({ slices, through: 'm' }),
    view: Promise.resolve(VIEW),
  };
}

test('the least recently requested views are dropped when the bytes are used up', async () => {
  const cache = createViewCache(15_000);
  for (const name of ['a', 'b', 'c', 'd']) {
    cache.keep(name, keptOf(name, 1_500));
    await cache.reading(name);
    cache.find('a', 'b');
  }
  const isKept = (name: string) => cache.find(name, 'b') !== undefined;
  expect(['a', 'b', 'c', 'd'].map(isKept)).toEqual([true, false, true, true]);
});

test('a view is found by the keys of its documents, and not while these are being read', async () => {
  const cache = createViewCache(10_000);
  cache.keep('bus-1', keptOf('bus-1', 10));
  expect(cache.find('bus-1', 'b')).toBeUndefined();
  await cache.reading('bus-1');
  expect(cache.reading('bus-1')).toBeUndefined();
  const isFound = (key: string) => cache.find('bus-1', key) !== undefined;
  expect(['a', 'b', 'm', 'n'].map(isFound)).toEqual([false, true, true, false]);
});

test('a view that cannot be read or folded is dropped', async () => {
  const cache = createViewCache(10_000);
  cache.keep('unread', { ...keptOf('unread', 10), documents: Promise.reject(new Error('away')) });
  cache.keep('unfolded', { ...keptOf('unfolded', 10), view: Promise.reject(new Error('newer event')) });
  await cache.reading('unread');
  await cache.reading('unfolded');
  expect(['unread', 'unfolded'].map((name) => cache.find(name, 'b'))).toEqual([undefined, undefined]);
});

test('a view without slices is shared while it is read, and then dropped', async () => {
  const cache = createViewCache(10_000);
  cache.keep('unknown', { ...keptOf('unknown', 10), view: Promise.resolve(EMPTY) });
  expect(cache.reading('unknown')).toBeDefined();
  await cache.reading('unknown');
  expect(cache.find('unknown', 'b')).toBeUndefined();
});

test('a read that hangs is waited for a second; then the next one reads again', async () => {
  vi.useFakeTimers();
  const cache = createViewCache(10_000);
  const late = Promise.withResolvers<LoadedStretch>();
  cache.keep('bus-1', {
    ...keptOf('bus-1', 10),
    documents: late.promise,
    view: late.promise.then(() => VIEW),
  });
  const waiting = cache.reading('bus-1');
  await vi.advanceTimersByTimeAsync(1_000);
  await waiting;
  expect(cache.reading('bus-1')).toBeUndefined();
  late.resolve({ slices: [], through: 'z' });
  await vi.runAllTimersAsync();
  expect(cache.find('bus-1', 'b')).toBeUndefined();
  vi.useRealTimers();
});

test('a kept view counts what was folded', async () => {
  const cache = createViewCache(16_000);
  const slices = new Map([['b', { samples: Array.from({ length: 60 }, (_, speedKmh) => ({ speedKmh })) }]]);
  for (const name of ['a', 'b']) {
    cache.keep(name, { ...keptOf(name, 10), view: Promise.resolve({ ...VIEW, slices }) });
    await cache.reading(name);
  }
  await yieldToEventLoop();
  expect(['a', 'b'].map((name) => cache.find(name, 'b') !== undefined)).toEqual([false, true]);
});

test('a flush gives its documents to a view that is kept at its checkpoint, unless it has folded others', async () => {
  const move = { from: CHECKPOINT, to: { ...CHECKPOINT, sequence: 5 } };
  const textAfter = async (storedAt: number) => {
    const cache = createViewCache(10_000);
    cache.keep('bus-1', keptOf('bus-1', 10));
    await cache.reading('bus-1');
    const slice = { subject: 'bus-1', key: 'b' };
    const stored = { ...slice, includes: { s: storedAt, i: 0 }, documents: [] };
    const changed = { ...slice, includes: { s: 5, i: 0 }, documents: [{ text: 'new' }], isNew: false };
    await cache.advance(move, new Map([['bus-1', [{ stored, changed }]]]));
    const kept = cache.find('bus-1', 'b');
    return [kept?.checkpoint.sequence, (await kept?.documents)?.slices[0]?.documents[0]?.['text']];
  };
  expect(await textAfter(1)).toEqual([5, 'new']);
  expect(await textAfter(3)).toEqual([1, 'x'.repeat(10)]);
});

test('a view may be continued once it is folded, and not after a flush has stored its events', async () => {
  const cache = createViewCache(10_000);
  const folded = Promise.withResolvers<View<unknown>>();
  const keep = (view: Promise<View<unknown>>) => cache.keep('bus-1', { ...keptOf('bus-1', 10), view });
  const found = () => cache.find('bus-1', 'b');
  keep(folded.promise);
  await cache.reading('bus-1');
  expect([found()?.folded, found()?.folding]).toEqual([undefined, expect.any(Promise)]);
  folded.resolve(VIEW);
  await found()?.folding;
  expect([found()?.folded, found()?.folding]).toEqual([VIEW, undefined]);
  const flushed = new Map([['bus-1', []]]);
  const move = { from: CHECKPOINT, to: { ...CHECKPOINT, sequence: 5 } };
  await cache.advance(move, flushed);
  expect([found()?.checkpoint.sequence, found()?.folded]).toEqual([5, undefined]);
  keep(new Promise(() => undefined));
  await cache.reading('bus-1');
  await cache.advance(move, flushed);
  expect([found()?.checkpoint.sequence, found()?.folding]).toEqual([5, undefined]);
});

test('those who wait for a fold go on when it fails, and when a flush has put its documents in the place of others', async () => {
  const cache = createViewCache(10_000);
  const found = () => cache.find('bus-1', 'b');
  const keep = async () => {
    const fold = Promise.withResolvers<View<unknown>>();
    cache.keep('bus-1', { ...keptOf('bus-1', 10), view: fold.promise });
    await cache.reading('bus-1');
    return { fold, waiting: found()?.folding };
  };

  const failed = await keep();
  failed.fold.reject(new Error('newer event'));
  await failed.waiting;
  await yieldToEventLoop();
  expect(found()).toBeUndefined();

  const flushed = await keep();
  const move = { from: CHECKPOINT, to: { ...CHECKPOINT, sequence: 5 } };
  await cache.advance(move, new Map([['bus-1', []]]));
  flushed.fold.resolve(VIEW);
  await flushed.waiting;
  expect([found()?.checkpoint.sequence, found()?.folded]).toEqual([5, undefined]);
});

test('a view that grows with each event takes its room, although it is not counted each time', async () => {
  const cache = createViewCache(30_000);
  cache.keep('other', keptOf('other', 10));
  const samples: object[] = [];
  const view = Promise.resolve({ ...VIEW, slices: new Map([['b', { samples }]]) });
  let last = { ...keptOf('bus-1', 10), view };
  while (cache.has('other')) {
    samples.push({ text: 'x'.repeat(500) });
    last = { ...last, ...(samples.length > 1 && { uncounted: (last.uncounted ?? 0) + 500 }) };
    cache.keep('bus-1', last);
    await yieldToEventLoop();
  }
  expect(samples.length * 500).toBeGreaterThan(15_000);
  expect(samples.length * 500).toBeLessThan(30_000);
});

test('the size of a large view is counted in turns, and it takes its room then', async () => {
  const cache = createViewCache(15_000_000);
  const samples = Array.from({ length: 50_000 }, (_, at) => ({ at, signals: { speed_kmh: at } }));
  const view = Promise.resolve({ ...VIEW, slices: new Map([['b', { samples }]]) });
  const untilDropped = async () => {
    cache.keep('bus-1', { ...keptOf('bus-1', 10), view });
    cache.keep('bus-2', keptOf('bus-2', 8_000_000));
    while (cache.has('bus-2')) await yieldToEventLoop();
  };
  expect(await turnsOf(untilDropped)).toBeGreaterThan(400);
  expect(cache.find('bus-1', 'b')).toBeDefined();
});

test('many kept views advance in turns, each to the checkpoint of the flush', async () => {
  const cache = createViewCache(100_000_000);
  const names = Array.from({ length: 5_000 }, (_, at) => `bus-${at}`);
  for (const name of names) cache.keep(name, keptOf(name, 10));
  await yieldToEventLoop();
  const move = { from: CHECKPOINT, to: { ...CHECKPOINT, sequence: 5 } };
  expect(await turnsOf(() => cache.advance(move, new Map()))).toBeGreaterThan(50);
  for (const name of names) expect(cache.find(name, 'b')?.checkpoint.sequence).toBe(5);
});
