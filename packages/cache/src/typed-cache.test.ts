import { eventually } from '@odograph/testing/eventually';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Load, LoadMany } from './answer.ts';
import { countsOf, HeldTier, levelOn, POLICY, TEXT, tierInMemory } from './cache.fixture.ts';
import { Cache } from './cache.ts';
import { TestBus } from './invalidations.fixture.ts';
import { Leases } from './leases.ts';
import type { Policy } from './policy.ts';
import { entryAt } from './tier.fixture.ts';
import type { Tier } from './tier.ts';

const { signal } = new AbortController();
const at = (sequence: number, epoch = 1) => ({ domain: 'log/0', epoch, sequence });

interface OpenOptions {
  readonly isLive?: (key: string) => boolean;
  readonly share?: number;
  /** Below the memory of the process. */
  readonly tiers?: readonly Tier[];
  readonly leases?: Leases;
}

/** The cache of a process, and the levels below it. */
function open(policy: Partial<Policy> = {}, { isLive, share = 1, tiers = [], leases }: OpenOptions = {}) {
  let nowMs = 0;
  const bus = new TestBus();
  const counted: string[] = [];
  const counts = countsOf(counted);
  const lower = tiers.map((tier) => levelOn(tier, counts));
  const cache: Cache = new Cache({
    ...{ lower, leases, counts, maxBytes: 1_000_003 },
    ...{ now: () => nowMs, random: () => 0.5, maxFloors: 3 },
    invalidations: bus.join({
      onRaised: (scopes, stamp) => cache.onRaised(scopes, stamp),
      onMissed: (stamp) => cache.onMissed(stamp),
    }),
  });
  const texts = cache.addType({
    ...{ name: 'text', policy: { ...POLICY, ...policy }, share, codec: TEXT },
    ...(isLive && { isLive }),
  });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  /** The levels have what waits for them. */
  const flush = () => Promise.all(lower.map((level) => level.stop()));
  return { cache, texts, counted, pass, flush };
}

/** A source that gives its value when the test does, and ignores that its callers have left. */
function slowSource(tags: readonly string[] = []) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const load: Load<string> = async (ending) => {
    signals.push(ending);
    return { value: await promise, version: [at(2)], tags };
  };
  const isAsked = () => eventually(() => expect(signals).toHaveLength(1));
  return { load, signals, isAsked, give: resolve };
}

const loadAll =
  (asked: string[][] = []): LoadMany<string> =>
  async (keys) => {
    asked.push([...keys]);
    return new Map(keys.map((key) => [key, { value: `new ${key}`, version: [at(1)] }]));
  };

test('of many keys those that are missing are loaded together', async () => {
  const { texts } = open();
  texts.put('b', { value: 'held', version: [at(1)] });
  const asked: string[][] = [];
  const answers = await texts.getOrLoadMany(['a', 'b', 'c'], loadAll(asked), signal);
  expect(asked).toEqual([['a', 'c']]);
  expect(Array.from(answers, ([key, { value }]) => [key, value]).sort()).toEqual([
    ...[
      ['a', 'new a'],
      ['b', 'held'],
      ['c', 'new c'],
    ],
  ]);
  expect((await texts.getOrLoadMany(['a', 'c'], loadAll(asked), signal)).size).toBe(2);
  expect(asked).toHaveLength(1);
});

test('many keys are answered with older values if their source fails, unless one has none', async () => {
  const { texts, pass, counted } = open();
  texts.put('a', { value: 'old', version: [at(1)] }, 'set');
  pass(POLICY.softTtlMs.set + 1);
  const failing: LoadMany<string> = () => Promise.reject(new Error('away'));
  const answers = await texts.getOrLoadMany(['a'], failing, signal);
  expect(answers.get('a')).toMatchObject({ value: 'old', staleBecause: 'failed' });
  expect(counted).toContain('stale text failed');
  await expect(texts.getOrLoadMany(['a', 'b'], failing, signal)).rejects.toThrow('away');
  expect(counted.filter((each) => each.startsWith('hit'))).toEqual(['hit text memory']);
});

test('a source that takes too long is named, and who wants more of it delays no one else', async () => {
  const { texts, counted } = open({ load: { softMs: 5, hardMs: 20 } });
  const never: Load<string> = (ending) =>
    new Promise((_, reject) => ending.addEventListener('abort', () => reject(ending.reason)));
  const late = { code: 'DEADLINE', message: 'the source of text:a has not answered within 0.02 s' };
  const more = texts.getOrLoad('a', never, { signal, atLeast: [at(9)] });
  const asked = expect(more).rejects.toMatchObject(late);
  const load: Load<string> = async () => ({ value: 'held', version: [at(1)] });
  expect((await texts.getOrLoad('a', load, { signal })).value).toBe('held');
  await asked;
  expect(texts.peek('a')).toBe('held');
  expect(counted).not.toContain('stale text failed');
});

test('several values are set with one message, above all that was read before', async () => {
  const { cache, texts } = open();
  texts.put('a', { value: 'old', version: [at(1)] });
  const before = cache.seen();
  const [a, b] = [
    { key: 'a', value: 'new a' },
    { key: 'b', value: 'new b', tags: ['north'] },
  ];
  expect(await cache.setMany(texts, [a, b])).toBe('done');
  expect(cache.seen().sequence).toBe(before.sequence + 1);
  expect([texts.peek('a'), texts.peek('b')]).toEqual(['new a', 'new b']);
  expect(texts.put('a', { value: 'read before', version: [at(9), before] }, 'load')).toBe(false);
  await cache.invalidate([{ tag: 'north' }]);
  expect([texts.peek('a'), texts.peek('b')]).toEqual(['new a', undefined]);
});

test('a scan of one type pushes out nothing of another, and types share no more than there is', () => {
  // Neither share is a whole number of bytes.
  const { cache, texts } = open({}, { share: 0.7 });
  const pages = cache.addType({ name: 'page', policy: POLICY, share: 0.3, codec: TEXT });
  const hot = Array.from({ length: 500 }, (_, at) => `hot-${at}`);
  for (const key of hot) texts.put(key, { value: 'x'.repeat(100), version: [at(1)] });
  for (let page = 0; page < 10_000; page += 1)
    pages.put(`page-${page}`, { value: 'x'.repeat(1_000), version: [at(1)] });
  expect(pages.bytes).toBeLessThanOrEqual(300_000);
  expect(hot.filter((key) => texts.peek(key) === undefined)).toEqual([]);
  expect(() => cache.addType({ name: 'more', policy: POLICY, share: 0.1, codec: TEXT })).toThrow(
    'share more than its memory',
  );
});

test('a value that came together with others, and is invalid by now, is not kept', async () => {
  const { cache, texts } = open();
  const load: LoadMany<string> = async (keys) => {
    cache.raise({ key: 'text:a' }, at(5));
    return await loadAll()(keys, signal);
  };
  expect((await texts.getOrLoadMany(['a', 'b'], load, signal)).get('a')?.value).toBe('new a');
  expect([texts.peek('a'), texts.peek('b')]).toEqual([undefined, 'new b']);
});

test('a value whose changes do not arrive is fresh for two seconds only', () => {
  let isLive = true;
  const { texts, pass } = open({}, { isLive: () => isLive });
  texts.put('a', { value: 'x', version: [at(1)] });
  pass(2_001);
  expect(texts.peek('a')).toBe('x');
  isLive = false;
  expect(texts.peek('a')).toBeUndefined();
  isLive = true;
  expect(texts.peek('a')).toBe('x');
});

test('what may not be kept is answered to those who wait for it, and then read again', async () => {
  const { texts } = open();
  let loads = 0;
  const load = async () => {
    loads += 1;
    return { value: `load ${loads}`, version: [at(loads)], mayKeep: false };
  };
  const together = await Promise.all([1, 2].map(() => texts.getOrLoad('a', load, { signal })));
  expect(together.map(({ value }) => value)).toEqual(['load 1', 'load 1']);
  expect(texts.peek('a')).toBeUndefined();
  expect((await texts.getOrLoad('a', load, { signal })).value).toBe('load 2');
});

test('an answer is current until a floor is above it', () => {
  const { cache, texts } = open();
  expect(texts.isCurrent('a', [at(1)])).toBe(true);
  cache.raise({ key: 'text:a' }, at(2));
  expect([texts.isCurrent('a', [at(1)]), texts.isCurrent('a', [at(2)])]).toEqual([false, true]);
});

test('floors that are forgotten for want of room are floors of all', () => {
  const { cache, texts } = open();
  for (const [n, key] of ['a', 'b', 'c', 'd'].entries()) cache.raise({ key: `text:${key}` }, at(n + 5));
  expect(texts.isCurrent('other', [at(4)])).toBe(false);
  expect(texts.isCurrent('other', [at(5)])).toBe(true);
});

test('a source that begins again is known from its beginning, and nothing of it is kept', () => {
  const { cache, texts } = open();
  texts.put('a', { value: 'x', version: [at(9)] });
  cache.raise({ all: true }, at(8));
  cache.forget('log/0');
  expect(texts.peek('a')).toBeUndefined();
  expect(texts.put('a', { value: 'y', version: [at(1)] })).toBe(true);
});

test('that there is no value is known for its own time, also if the source fails after it', async () => {
  const { texts, pass } = open();
  const none: Load<string> = async () => ({ value: undefined, version: [at(1)] });
  const failing: Load<string> = () => Promise.reject(new Error('away'));
  await texts.getOrLoad('a', none, { signal });
  pass(POLICY.negativeTtlMs - 1);
  expect((await texts.getOrLoad('a', failing, { signal })).value).toBeUndefined();
  pass(1);
  await expect(texts.getOrLoad('a', failing, { signal })).rejects.toThrow('away');
});

test('that there is no value is not kept if the policy says so, and neither is the value before it', async () => {
  const { texts, pass } = open({ negativeTtlMs: 0 });
  const none: Load<string> = async () => ({ value: undefined, version: [at(2)] });
  await texts.getOrLoad('a', none, { signal });
  texts.put('b', { value: 'old', version: [at(1)] });
  pass(POLICY.softTtlMs.feed + 1);
  await texts.getOrLoad('b', none, { signal });
  expect(texts.size).toBe(0);
});

test('a delete does not wait for a level that the values of its type are never in', async () => {
  const files = new HeldTier(tierInMemory('files'));
  files.isAway = true;
  const { cache } = open({ tiers: { redis: true, files: false } }, { share: 0.5, tiers: [files] });
  expect(await cache.invalidate([{ key: 'text:a' }])).toBe('done');
  expect(await cache.invalidate([{ key: 'of another process:a' }])).toBe('degraded');
});

test('a value that is soon not fresh any more is loaded from its source, though a level below has it', async () => {
  const tier = tierInMemory('redis');
  const { texts, pass } = open({ eagerAt: 0.5 }, { tiers: [tier] });
  const load: Load<string> = async () => ({ value: 'new', version: [at(2)] });
  const ageMs = POLICY.softTtlMs.load / 2 + 1;
  texts.put('a', { value: 'old', version: [at(1)] }, 'load');
  pass(ageMs);
  await tier.write('text:a', entryAt(1, 0, { ageMs, freshMs: POLICY.softTtlMs.load - ageMs }));
  expect(texts.getFresh('a', load)?.value).toBe('old');
  await eventually(() => expect(texts.peek('a')).toBe('new'));
});

test('an older value is renewed also when all who ask leave before the source answers', async () => {
  const { texts, pass } = open();
  const { load, signals, give } = slowSource();
  texts.put('a', { value: 'old', version: [at(1)] }, 'set');
  pass(POLICY.softTtlMs.set);
  const caller = new AbortController();
  const asked = texts.getOrLoad('a', load, { signal: caller.signal });
  await Promise.resolve();
  caller.abort(new Error('left'));
  await expect(asked).rejects.toThrow('left');
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  give('new');
  await eventually(() => expect(texts.peek('a')).toBe('new'));
});

test('a source that does not end when it should is not waited for', async () => {
  const { texts } = open({ load: { softMs: 5, hardMs: 20 } });
  const { load } = slowSource();
  await expect(texts.getOrLoad('a', load, { signal })).rejects.toMatchObject({ code: 'DEADLINE' });
});

test('an older value is not answered any more when its time ends while the source is slow', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { texts, pass } = open();
  const { load, give } = slowSource();
  texts.put('a', { value: 'old', version: [at(1)] }, 'set');
  pass(POLICY.softTtlMs.set);
  const asked = texts.getOrLoad('a', load, { signal });
  pass(POLICY.hardTtlMs + POLICY.graceMs);
  await vi.advanceTimersByTimeAsync(POLICY.load.softMs);
  give('new');
  expect(await asked).toMatchObject({ value: 'new', staleBecause: undefined });
});

test('a value below a floor counts as refused if it was loaded, not if a level below has it still', async () => {
  const { cache, texts, counted, flush } = open({}, { tiers: [tierInMemory('redis')] });
  await texts.getOrLoad('a', async () => ({ value: 'old', version: [at(1)] }), { signal });
  await flush();
  cache.raise({ key: 'text:a' }, at(5));
  counted.length = 0;
  await texts.getOrLoad('a', async () => ({ value: 'new', version: [at(5)] }), { signal });
  expect(counted).toEqual(['miss text', 'loaded', 'hit text source']);
  expect(texts.put('a', { value: 'late', version: [at(4)] })).toBe(false);
  expect(counted).toContain('refused text memory below');
});

test('a value that another process loads meanwhile is not a miss', async () => {
  const tier = tierInMemory('redis');
  const leases = new Leases({
    giver: {
      takeLease: async () => (await tier.write('text:a', entryAt(1))) !== 'stored',
      keepLease: async () => undefined,
    },
    ...{ ask: (work) => work(), ttlMs: 10_000, waitMs: 10_000 },
  });
  const { texts, counted } = open({}, { tiers: [tier], leases });
  const { value } = await texts.getOrLoad('a', () => expect.unreachable(), { signal });
  expect(value).toBe('value 1');
  expect(counted).toEqual(['leaseWaited text', 'hit text redis']);
});

test.each(['full', 'older', 'failed'] as const)(
  'a value that is loaded and %s when it is written keeps no other process waiting for its lease',
  async (outcome) => {
    const write = async () => {
      if (outcome === 'failed') throw new Error('away');
      return outcome;
    };
    const kept: number[] = [];
    const giver = {
      takeLease: async () => true,
      keepLease: async (_key: string, _token: string, ms: number) => void kept.push(ms),
    };
    const leases = new Leases({ giver, ask: (work) => work(), ttlMs: 1_000, waitMs: 1_000 });
    const { texts } = open({}, { tiers: [{ ...tierInMemory('redis'), write }], leases });
    await texts.getOrLoad('a', async () => ({ value: 'new', version: [at(1)] }), { signal });
    expect(kept).toEqual([0]);
  },
);

test.each([
  ['may not be kept', async () => ({ value: 'new', version: [at(1)], mayKeep: false })],
  ['fails', () => Promise.reject(new Error('down'))],
])(
  'a load that %s keeps no other process waiting for its lease, though the giver is taken for broken meanwhile',
  async (_how, load) => {
    let isBroken = false;
    const left: string[] = [];
    const giver = {
      takeLease: async () => true,
      keepLease: async (key: string) => void left.push(key),
    };
    const ask = async <T>(work: () => Promise<T>) => (isBroken ? undefined : await work());
    const leases = new Leases({ giver, ask, ttlMs: 1_000, waitMs: 1_000 });
    const { texts } = open({}, { tiers: [tierInMemory('redis')], leases });
    const loading = () => {
      isBroken = true;
      return load();
    };
    // One of the loads fails; only what becomes of its lease is looked at.
    await texts.getOrLoad('a', loading, { signal }).catch(() => undefined);
    expect(left).toEqual(['text:a']);
  },
);

test('a delete by a tag keeps no callers from waiting together for a value without it', async () => {
  const { cache, texts } = open();
  const { load, signals, isAsked, give } = slowSource();
  const before = texts.getOrLoad('a', load, { signal });
  await isAsked();
  await cache.invalidate([{ tag: 'north' }]);
  const after = texts.getOrLoad('a', load, { signal });
  give('value');
  expect([(await before).value, (await after).value]).toEqual(['value', 'value']);
  expect(signals).toHaveLength(1);
});

test('who asks after a delete by a tag does not get the value of a load from before it that has the tag', async () => {
  const { cache, texts } = open();
  const old = slowSource(['north']);
  const before = texts.getOrLoad('a', old.load, { signal });
  await old.isAsked();
  await cache.invalidate([{ tag: 'north' }]);
  const load: Load<string> = async () => ({ value: 'new', version: [at(2)], tags: ['north'] });
  const after = [1, 2].map(() => texts.getOrLoad('a', load, { signal }));
  old.give('old');
  expect((await before).value).toBe('old');
  expect((await Promise.all(after)).map(({ value }) => value)).toEqual(['new', 'new']);
  expect(texts.peek('a')).toBe('new');
});

/** A source of many values that gives them when the test does. */
function slowSourceOfMany() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked: { readonly keys: readonly string[]; readonly ending: AbortSignal }[] = [];
  const load: LoadMany<string> = async (keys, ending) => {
    asked.push({ keys, ending });
    await promise;
    return await loadAll()(keys, ending);
  };
  return { load, asked, give: resolve };
}

test('who asks for a value that is loaded already waits for the same, alone or with others', async () => {
  const { texts } = open();
  const { load, asked, give } = slowSourceOfMany();
  const lists = [
    ['a', 'b'],
    ['b', 'c'],
    ['a', 'c'],
  ].map((keys) => texts.getOrLoadMany(keys, load, signal));
  await eventually(() => expect(asked.map(({ keys }) => keys)).toEqual([['a', 'b'], ['c']]));
  const alone = texts.getOrLoad('b', () => expect.unreachable(), { signal });
  give();
  expect((await Promise.all(lists)).map((answers) => [...answers.keys()].toSorted())).toEqual([
    ['a', 'b'],
    ['b', 'c'],
    ['a', 'c'],
  ]);
  expect((await alone).value).toBe('new b');
});

test('a load of many values ends when all who wait for one of them have left', async () => {
  const { texts } = open();
  const { load, asked } = slowSourceOfMany();
  const callers = [new AbortController(), new AbortController()];
  const lists = [['a', 'b'], ['b']].map((keys, n) =>
    texts.getOrLoadMany(keys, load, callers[n]?.signal ?? signal),
  );
  await eventually(() => expect(asked).toHaveLength(1));
  callers[0]?.abort(new Error('left'));
  await expect(lists[0]).rejects.toThrow('left');
  expect(asked[0]?.ending.aborted).toBe(false);
  callers[1]?.abort(new Error('left too'));
  await expect(lists[1]).rejects.toThrow('left too');
  expect(asked[0]?.ending.aborted).toBe(true);
});

test('many older values are answered while their source is slow, and are renewed behind the answer', async () => {
  const { texts, pass, counted } = open({ load: { softMs: 5, hardMs: 60_000 } });
  const { load, give } = slowSourceOfMany();
  for (const key of ['a', 'b']) texts.put(key, { value: 'old', version: [at(1)] }, 'set');
  pass(POLICY.softTtlMs.set);
  const answers = await texts.getOrLoadMany(['a', 'b'], load, signal);
  expect([...answers.values()]).toMatchObject(Array(2).fill({ value: 'old', staleBecause: 'slow' }));
  expect(counted.filter((each) => each === 'stale text slow')).toHaveLength(2);
  give();
  await eventually(() => expect([texts.peek('a'), texts.peek('b')]).toEqual(['new a', 'new b']));
});

test('a source of many values that takes too long is named, also if it does not end when it should', async () => {
  const { texts } = open({ load: { softMs: 5, hardMs: 20 } });
  const { load } = slowSourceOfMany();
  await expect(texts.getOrLoadMany(['a', 'b'], load, signal)).rejects.toMatchObject({
    code: 'DEADLINE',
    message: 'the source of 2 values such as text:a has not answered within 0.02 s',
  });
});

test('a key that a source of many does not have is answered as one without a value, and not kept', async () => {
  const { texts } = open();
  const answers = await texts.getOrLoadMany(['a'], async () => new Map(), signal);
  expect([answers.get('a')?.value, texts.size]).toEqual([undefined, 0]);
});
