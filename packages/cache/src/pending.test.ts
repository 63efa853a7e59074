import { expect, test } from 'vitest';
import { countsOf, POLICY, TEXT } from './cache.fixture.ts';
import { Cache } from './cache.ts';
import type { Scope } from './floors.ts';
import { TestBus } from './invalidations.fixture.ts';

/** A process without levels below it, and how many scopes it has heard of. */
function open(bus: TestBus, pending: readonly Scope[] = []) {
  const heard: Scope[] = [];
  const invalidations = bus.join({
    onRaised: (scopes, stamp) => {
      heard.push(...scopes);
      cache.onRaised(scopes, stamp);
    },
    onMissed: (stamp) => cache.onMissed(stamp),
  });
  const cache: Cache = new Cache({
    ...{ lower: [], leases: undefined, counts: countsOf([]), maxBytes: 1_000_000 },
    ...{ now: () => 0, random: () => 0.5, invalidations, pending },
  });
  const texts = cache.addType({ name: 'text', policy: POLICY, share: 1, codec: TEXT });
  const put = (key: string) => texts.put(key, { value: 'old', version: [cache.seen()] });
  return { cache, texts, put, heard };
}

/** Some thousand tags, each of which is large as JSON. */
const largeTags = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ tag: `${'"'.repeat(500)}${at}` }));

test('what is too large for one message is published in parts', async () => {
  const bus = new TestBus();
  const [node, peer] = [open(bus), open(bus)];
  const tags = largeTags(2_000);
  expect(await node.cache.invalidate(tags)).toBe('done');
  expect(peer.heard).toEqual(tags);
});

test('what could not be published is, however much it is, and the next delete is not hindered', async () => {
  const bus = new TestBus();
  const [node, peer] = [open(bus), open(bus)];
  bus.cut(0, true);
  const tags = largeTags(10_000);
  for (let at = 0; at < tags.length; at += 1_000)
    expect(await node.cache.invalidate(tags.slice(at, at + 1_000))).toBe('degraded');
  expect(node.cache.pending()).toEqual(tags);
  bus.cut(0, false);
  await node.cache.repair();
  expect([peer.heard, node.cache.pending()]).toEqual([tags, []]);
  expect(await node.cache.invalidate([{ key: 'text:k' }])).toBe('done');
});

test('with more than are kept, everything is invalid', async () => {
  const bus = new TestBus();
  const [node, peer] = [open(bus), open(bus)];
  bus.cut(0, true);
  await node.cache.invalidate(largeTags(10_000));
  await node.cache.invalidate([{ key: 'text:k' }]);
  expect(node.put('other')).toBe(false);
  bus.cut(0, false);
  await node.cache.repair();
  expect(peer.heard).toEqual([{ all: true }]);
  expect(node.put('other')).toBe(true);
});

test('a part that was published is not published again when a later one fails', async () => {
  const bus = new TestBus();
  const [node, peer] = [open(bus), open(bus)];
  const tags = largeTags(1_000);
  bus.takes = 1;
  expect(await node.cache.invalidate(tags)).toBe('degraded');
  const first = peer.heard.length;
  expect(node.cache.pending()).toEqual(tags.slice(first));
  bus.takes = 1;
  await node.cache.repair();
  expect(peer.heard.length).toBeGreaterThan(first);
  bus.takes = Number.POSITIVE_INFINITY;
  await node.cache.repair();
  expect(peer.heard).toEqual(tags);
});

test('what an earlier process could not publish is invalid from the start on, and is published', async () => {
  const bus = new TestBus();
  const [node, peer] = [open(bus, [{ key: 'text:k' }]), open(bus)];
  peer.put('k');
  expect([node.put('k'), node.put('other')]).toEqual([false, true]);
  await node.cache.repair();
  expect(peer.texts.peek('k')).toBeUndefined();
  expect([node.put('k'), node.cache.pending()]).toEqual([true, []]);
});
