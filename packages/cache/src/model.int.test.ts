import { pause } from '@odograph/kernel/clock';
import { startTestRedis, type TestEngine } from '@odograph/testing/engines';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NodeOptions, openNode, type TestNode } from './cache.fixture.ts';
import type { KeptFloors, Scope } from './floors.ts';
import { TestBus } from './invalidations.fixture.ts';

const NODES = 3;
const KEYS = ['a', 'b', 'c'];
const CLOCKS_APART_MS = 600_000;

let engine: TestEngine;
let redis: Redis;
beforeAll(async () => {
  engine = await startTestRedis();
  redis = new Redis(engine.url, { enableAutoPipelining: true });
});
afterAll(async () => {
  redis.disconnect();
  await engine[Symbol.asyncDispose]();
});

const EVERYWHERE = ['change', 'deliver', 'wait', 'finish'] as const;
const AT_KEY = ['ask', 'ask', 'delete'] as const;
const AT_NODE = ['delete by tag', 'delete all', 'cut', 'lose redis', 'repair', 'keep', 'restart'] as const;

type StepAtNode =
  | { readonly kind: (typeof AT_KEY)[number]; readonly node: number; readonly key: string }
  | { readonly kind: (typeof AT_NODE)[number]; readonly node: number };
type Step = { readonly kind: (typeof EVERYWHERE)[number] } | StepAtNode;

const node = fc.nat(NODES - 1);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record({ kind: fc.constantFrom(...AT_KEY), node, key: fc.constantFrom(...KEYS) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom(...EVERYWHERE) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom(...AT_NODE), node }) },
);

/**
 * A source whose values only grow, and callers who delete a key after a change. Once a delete was acknowledged, and the bus and
 * Redis are whole again, each answer has that value or a newer one.
 */
class Model {
  readonly bus = new TestBus();
  readonly #namespace: string;
  #nodes: TestNode[];
  readonly #cut = new Set<number>();
  /** What the source has now. */
  #value = 0;
  /** The least that is right, by key: what the source had before the last delete. */
  readonly #floors = new Map(KEYS.map((each) => [each, 0]));
  /** What callers of each process got `degraded` for: it holds in the end, unless the process is killed before. */
  readonly #owed: (() => void)[][] = Array.from({ length: NODES }, () => []);
  /** What each process has kept for the one after it. */
  readonly #kept: { readonly kept: readonly KeptFloors[]; readonly seen: number }[] = [];
  readonly #asking: Promise<unknown>[] = [];

  constructor(run: number) {
    this.#namespace = `model-${run}:`;
    this.bus.isPrompt = false;
    this.#nodes = Array.from({ length: NODES }, (_, at) => this.#open(at));
  }

  async take(step: Step): Promise<void> {
    if ('node' in step) return await this.#takeAt(this.#nodes[step.node] as TestNode, step);
    if (step.kind === 'change') this.#value += 1;
    if (step.kind === 'deliver') this.bus.deliver();
    if (step.kind === 'wait') await pause(1);
    if (step.kind === 'finish') await Promise.all(this.#asking);
  }

  /** Everything works again, and all that waits is done: now no answer may be older than what was invalidated. */
  async settle(): Promise<void> {
    for (const at of this.#cut) this.bus.cut(at, false);
    for (const each of this.#nodes) each.redis.isAway = false;
    this.bus.deliver();
    await Promise.all(this.#asking);
    for (const each of this.#nodes) await each.cache.repair();
    for (const raise of this.#owed.flat()) raise();
    this.bus.deliver();
    for (const [at, each] of this.#nodes.entries())
      for (const asked of KEYS) {
        const { value } = await this.#ask(each, asked);
        expect([at, asked, Number(value)]).toSatisfy(() => Number(value) >= (this.#floors.get(asked) ?? 0));
      }
  }

  async #takeAt(each: TestNode, step: StepAtNode): Promise<void> {
    if (step.kind === 'ask') this.#asking.push(this.#ask(each, step.key));
    else if (step.kind === 'delete') await this.#delete(step.node, [step.key], { key: `text:${step.key}` });
    else if (step.kind === 'delete by tag') await this.#delete(step.node, KEYS, { tag: 'all' });
    else if (step.kind === 'delete all') await this.#delete(step.node, KEYS, { all: true });
    else if (step.kind === 'keep') this.#kept[step.node] = { kept: each.cache.keep(), seen: each.seen() };
    else if (step.kind === 'restart') this.#restart(step.node);
    else if (step.kind === 'lose redis') each.redis.isAway = !each.redis.isAway;
    else if (step.kind === 'repair') await each.cache.repair();
    else if (step.kind === 'cut') this.#toggleCut(step.node);
  }

  #toggleCut(at: number): void {
    const isCut = !this.#cut.delete(at);
    if (isCut) this.#cut.add(at);
    this.bus.cut(at, isCut);
  }

  /** The process before goes on with what it has begun, as one that was only paused does. */
  #restart(at: number): void {
    this.#owed[at] = [];
    this.#nodes[at] = this.#open(at, { at, kept: [], seen: 0, ...this.#kept[at] });
  }

  async #delete(at: number, keys: readonly string[], scope: Scope): Promise<void> {
    const value = this.#value;
    const raise = () => {
      for (const key of keys) this.#floors.set(key, Math.max(this.#floors.get(key) ?? 0, value));
    };
    if ((await this.#nodes[at]?.cache.invalidate([scope])) === 'done') raise();
    else this.#owed[at]?.push(raise);
  }

  /** The source is read at once, and answers some turns later. */
  async #ask(each: TestNode, asked: string) {
    const load = async () => {
      const value = String(this.#value);
      for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
      return { value, version: [], tags: ['all'] };
    };
    return await each.texts.getOrLoad(asked, load, { signal: new AbortController().signal });
  }

  /** Their clocks are ten minutes apart. */
  #open(at: number, earlier?: NodeOptions['earlier']): TestNode {
    return openNode({
      bus: this.bus,
      redis,
      namespace: this.#namespace,
      leaseWaitMs: 20,
      now: () => performance.now() + at * CLOCKS_APART_MS,
      ...(earlier && { earlier }),
    });
  }
}

test('reads, deletes, losses and cuts on three processes: no value from before a delete once all is whole again', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 40, size: 'max' }), async (steps) => {
      runs += 1;
      const model = new Model(runs);
      for (const step of steps) await model.take(step);
      await model.settle();
    }),
    { numRuns: 100 },
  );
});
