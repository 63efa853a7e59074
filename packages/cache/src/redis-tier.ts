import { createHash } from 'node:crypto';
import DataLoader from 'dataloader';
import type { Cluster, Redis } from 'ioredis';
import { bodyOf, readBody, readGuard, type StoredEntry, versionText } from './entry-bytes.ts';
import { KEEP_LEASE, RAISE, REMOVE, WRITE } from './redis-scripts.ts';
import type { FoundEntry, Tier, WriteOutcome } from './tier.ts';
import type { Version } from './version.ts';

interface RedisTierOptions {
  readonly redis: Redis | Cluster;
  /** What the names of all keys begin with. */
  readonly namespace: string;
  /** Longer than any load takes together with its write: after that, a value from before a floor cannot come any more. */
  readonly floorTtlMs: number;
  /** A key that no cache of this form has written, and is removed. */
  readonly onDamage: (key: string, error: unknown) => void;
}

/** The scripts as commands, by `defineCommand`: each is sent by its hash, and in full when Redis does not know it. */
interface Scripts {
  odographWrite(
    numberOfKeys: number,
    ...args: (string | Buffer | number)[]
  ): Promise<(WriteOutcome | Error)[]>;
  odographRaise(key: string, lease: string, floors: string, ttlMs: number): Promise<unknown>;
  odographRemove(key: string, sha1: string): Promise<unknown>;
  odographKeepLease(lease: string, token: string, ms: number): Promise<number>;
}

/** What the script needs of a write. */
interface ScriptWrite {
  readonly keys: readonly [key: string, lease: string];
  readonly args: readonly [version: string, body: Buffer, keptMs: number, token: string];
}

const SCRIPTS = {
  odographWrite: { lua: WRITE },
  odographRaise: { numberOfKeys: 2, lua: RAISE },
  odographRemove: { numberOfKeys: 1, lua: REMOVE },
  odographKeepLease: { numberOfKeys: 1, lua: KEEP_LEASE },
};

/** Values from this size on are compressed. */
const COMPRESS_FROM_BYTES = 1024;
/** Writes in one script. Redis serves no other client meanwhile, and larger scripts are not faster. */
const WRITES_OF_SCRIPT = 8;

/** Redis as a level, and its leases. Each key of a cache is one of Redis; its lease is one in the same slot of a cluster. */
export class RedisTier implements Tier {
  readonly name = 'redis';
  readonly #redis: (Redis | Cluster) & Scripts;
  readonly #namespace: string;
  readonly #floorTtlMs: number;
  readonly #onDamage: RedisTierOptions['onDamage'];
  /** Sends together what is written in one turn. */
  readonly #writes: DataLoader<ScriptWrite, WriteOutcome>;

  constructor({ redis, namespace, floorTtlMs, onDamage }: RedisTierOptions) {
    for (const [name, script] of Object.entries(SCRIPTS)) redis.defineCommand(name, script);
    // The client answers what it pipelines only when all of it is done. On a cluster, it would also take the number of keys for
    // the key by which it finds the node.
    redis.options.autoPipeliningIgnoredCommands = Object.keys(SCRIPTS);
    this.#redis = redis as (Redis | Cluster) & Scripts;
    this.#namespace = namespace;
    this.#floorTtlMs = floorTtlMs;
    this.#onDamage = onDamage;
    this.#writes = new DataLoader((writes) => this.#writeAll(writes), {
      cache: false,
      // The keys of a script are in one slot of a cluster.
      maxBatchSize: redis.isCluster ? 1 : WRITES_OF_SCRIPT,
    });
  }

  read(keys: readonly string[]): Promise<readonly (FoundEntry | undefined)[]> {
    return Promise.all(keys.map((key) => this.#readOne(key)));
  }

  async write(key: string, entry: StoredEntry, lease = ''): Promise<WriteOutcome> {
    const body = await bodyOf(entry, COMPRESS_FROM_BYTES);
    const keptMs = Math.max(1, Math.ceil(entry.keptMs));
    try {
      return await this.#writes.load({
        keys: [this.#name(key), this.#leaseName(key)],
        args: [versionText(entry.version), body, keptMs, lease],
      });
    } catch (error) {
      if (hasNoRoom(error)) return 'full';
      throw error;
    }
  }

  async raise(key: string, floors: Version): Promise<void> {
    try {
      await this.#redis.odographRaise(
        this.#name(key),
        this.#leaseName(key),
        versionText(floors),
        this.#floorTtlMs,
      );
    } catch (error) {
      if (!hasNoRoom(error)) throw error;
      // Without the floor, an older value that comes now finds no room either; the floors of the processes hold.
      await this.#redis.unlink(this.#name(key), this.#leaseName(key));
    }
  }

  /** Whether the lease is taken now; false if another has it, undefined if there is no room for one. */
  async takeLease(key: string, token: string, ttlMs: number): Promise<boolean | undefined> {
    try {
      return (await this.#redis.set(this.#leaseName(key), token, 'PX', ttlMs, 'NX')) === 'OK';
    } catch (error) {
      if (hasNoRoom(error)) return undefined;
      throw error;
    }
  }

  /** How much longer a lease lasts that is still that of the token. 0 ends it. */
  async keepLease(key: string, token: string, ms: number): Promise<void> {
    await this.#redis.odographKeepLease(this.#leaseName(key), token, ms);
  }

  async #writeAll(writes: readonly ScriptWrite[]): Promise<(WriteOutcome | Error)[]> {
    const keys = writes.flatMap((write) => write.keys);
    return await this.#redis.odographWrite(keys.length, ...keys, ...writes.flatMap(({ args }) => args));
  }

  async #readOne(key: string): Promise<FoundEntry | undefined> {
    const name = this.#name(key);
    // One round trip: the client sends together what is asked for in one turn.
    const [bytes, leftMs] = await Promise.all([
      this.#redis.getBuffer(name).catch(errorIfOfAnotherType),
      this.#redis.pttl(name),
    ]);
    if (bytes === null) return undefined;
    try {
      if (bytes instanceof Error) throw bytes;
      const entry = await readBody(readGuard(bytes));
      return entry && leftMs > 0 ? { entry, ageMs: Math.max(0, entry.keptMs - leftMs) } : undefined;
    } catch (error) {
      this.#onDamage(key, error);
      await this.#redis.odographRemove(name, bytes instanceof Error ? '' : sha1(bytes));
      return undefined;
    }
  }

  #name(key: string): string {
    return `${this.#namespace}{${key}}`;
  }

  #leaseName(key: string): string {
    return `${this.#name(key)}lease`;
  }
}

/** The answer of a Redis that is at its `maxmemory` and may remove nothing. Some versions have it within that of the script. */
function hasNoRoom(error: unknown): boolean {
  return error instanceof Error && error.message.includes('OOM command not allowed');
}

function errorIfOfAnotherType(error: Error): Error {
  if (!error.message.startsWith('WRONGTYPE')) throw error;
  return error;
}

const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');
