// Lets the races of packages/cache run on bentocache, set up as its documentation shows: memory, Redis, a bus, and a grace period.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
// It finds ioredis in the packages of the project, above the folder where this is installed.
import { redisDriver } from 'bentocache/drivers/redis';

// As the policy of our cache in the same tests.
const TTL_MS = 60_000;
const TIMES = { ttl: TTL_MS, grace: '1h', timeout: 200, hardTimeout: 5_000 };

// Some tests move the clock of a process by hand: what bentocache then does for that process has that clock.
const clock = new AsyncLocalStorage();
const realNow = Date.now;
const startMs = realNow();
Date.now = () => {
  const now = clock.getStore();
  return now ? startMs + now() : realNow();
};

/** @see Race in packages/cache/src/races.fixture.ts */
export function startRace({ redis, namespace }) {
  const members = [];
  return {
    open: (options) => openNode({ ...options, redis, namespace, members }),
    cut: (at, isCut) => members[at].cut(isCut),
    isInRedis: async (key) => (await redis.exists(`${namespace}text:${key}`)) === 1,
    // Its locks are of one process.
    endLease: async () => undefined,
  };
}

function openNode({ redis, namespace, members, policy, now, maxBytes = 100_000_000 }) {
  const level = new Level();
  // It is asked to retry as soon as the bus is back, so it needs no interval.
  const bus = {
    options: { retryQueue: { enabled: true, retryInterval: false } },
    factory: () => new Member(members),
  };
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxSize: maxBytes }))
    .useBus(bus);
  if (policy?.tiers.redis !== false) store.useL2Layer(heldDriver(redisDriver({ connection: redis }), level));
  // Errors of Redis stay suppressed, its default: a delete that throws them is not published.
  const bento = new BentoCache({ default: 'all', prefix: namespace, ...TIMES, stores: { all: store } });
  // What is deleted by a prefix is a namespace.
  const texts = bento.namespace('text');
  bento.use();
  return {
    texts: {
      getOrLoad: (key, load, { signal }) => clock.run(now, () => getOrLoad(texts, key, load, signal)),
      // It has no read of memory alone, so it may read Redis too.
      peek: async (key) => (await texts.get({ key, grace: false }))?.text,
      put: (key, { value }) => texts.set({ key, value: read(value), skipL2Write: true, skipBusNotify: true }),
    },
    cache: {
      invalidate: async (scopes) =>
        outcomeOf(await Promise.all(scopes.map((scope) => remove(bento, texts, scope)))),
      // It repairs nothing itself; what its bus could not publish, it has sent when the bus was back.
      repair: () => nextTurn(),
    },
    set: async (key, value) => outcomeOf([await texts.set({ key, value: read(value) })]),
    redis: level,
  };
}

const outcomeOf = (taken) => (taken.every(Boolean) ? 'done' : 'degraded');

// It does not give the age of a value, so the time is stored with it, as its users would.
const read = (text) => ({ text, readAtMs: Date.now() });

async function getOrLoad(texts, key, load, signal) {
  const factory = async ({ setTags }) => {
    const { value, tags = [] } = await load(signal, []);
    setTags(tags);
    return read(value);
  };
  const { text, readAtMs } = await texts.getOrSet({ key, factory }).catch((error) => {
    throw error.cause ?? error;
  });
  const ageMs = Date.now() - readAtMs;
  // It does not say why a value is stale; the test that asks has a source that fails.
  return { value: text, ageMs, staleBecause: ageMs < TTL_MS ? undefined : 'failed' };
}

async function remove(bento, texts, { key, tag, prefix }) {
  if (key !== undefined) return await texts.delete({ key: key.slice('text:'.length) });
  if (tag !== undefined) return await removeTag(texts, tag);
  // Returns nothing when it has cleared all.
  if (prefix === 'text:') await texts.clear();
  else await bento.clear();
  return true;
}

async function removeTag(texts, tag) {
  const isDone = await texts.deleteByTag({ tags: [tag] });
  // It compares times in milliseconds, and takes what it stores in the same one for older. Loads take longer.
  const atMs = Date.now();
  while (Date.now() === atMs) await nextTurn();
  return isDone;
}

/** Its way to Redis, which tests hold up and take away. */
class Level {
  isAway = false;
  reads = Promise.resolve();

  /** From now on, what was read is only given after the returned function is called. */
  holdReads() {
    const { promise, resolve } = Promise.withResolvers();
    this.reads = promise;
    return resolve;
  }

  throwIfAway() {
    if (this.isAway) throw new Error('it is away');
  }
}

const heldDriver = ({ options, factory }, level) => ({
  options,
  factory: (config) => new HeldDriver(factory(config), level),
});

/** The Redis driver of bentocache behind a level. */
class HeldDriver {
  type = 'l2';
  #driver;
  #level;

  constructor(driver, level) {
    this.#driver = driver;
    this.#level = level;
  }

  namespace(name) {
    return new HeldDriver(this.#driver.namespace(name), this.#level);
  }

  async get(key) {
    return await this.#read(() => this.#driver.get(key));
  }

  async pull(key) {
    return await this.#read(() => this.#driver.pull(key));
  }

  async set(key, value, ttl) {
    this.#level.throwIfAway();
    return await this.#driver.set(key, value, ttl);
  }

  async clear() {
    this.#level.throwIfAway();
    await this.#driver.clear();
  }

  async delete(key) {
    this.#level.throwIfAway();
    return await this.#driver.delete(key);
  }

  async deleteMany(keys) {
    this.#level.throwIfAway();
    return await this.#driver.deleteMany(keys);
  }

  async disconnect() {
    // The connection is of the test.
  }

  async #read(ask) {
    this.#level.throwIfAway();
    const [found] = await Promise.all([ask(), this.#level.reads]);
    return found;
  }
}

/** A bus in memory, which delivers at once, and which tests cut. */
class Member {
  #members;
  #isCut = false;
  #handlers = new Map();
  #onReconnect = () => undefined;

  constructor(members) {
    this.#members = members;
    members.push(this);
  }

  cut(isCut) {
    this.#isCut = isCut;
    if (!isCut) this.#onReconnect();
  }

  setId() {
    return this;
  }

  onReconnect(callback) {
    this.#onReconnect = callback;
  }

  async subscribe(channel, handler) {
    this.#handlers.set(channel, handler);
  }

  async unsubscribe(channel) {
    this.#handlers.delete(channel);
  }

  async disconnect() {
    this.#handlers.clear();
  }

  async publish(channel, message) {
    if (this.#isCut) throw new Error('the bus is away');
    for (const member of this.#members) if (member !== this) member.#take(channel, message);
  }

  // A message of Redis that is not received is lost.
  #take(channel, message) {
    if (!this.#isCut) this.#handlers.get(channel)?.(message);
  }
}
