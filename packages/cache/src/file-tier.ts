import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { createTurns } from '@odograph/platform/turns';
import { bodyOf, type Guarded, guardLine, readBody, readGuard, type StoredEntry } from './entry-bytes.ts';
import { FileIndex, type KnownFile } from './file-index.ts';
import type { FoundEntry, Tier, WriteOutcome } from './tier.ts';
import { covers, isOlder, mergeFloors, type Version } from './version.ts';

interface FileTierOptions {
  readonly folder: string;
  /** Of all files, as the disk counts them. */
  readonly maxBytes: number;
  /** How long the floors of a key without an entry are kept. */
  readonly floorTtlMs: number;
  /** Unix time in milliseconds: later processes read the files. */
  readonly now: () => number;
  /** A file that is not what was written, and is removed. */
  readonly onDamage: (file: string, error: unknown) => void;
}

/** Begins each file, and changes with its form: a file of another form counts as damaged. */
const FORM = 'odograph-cache-1';
/** Values are compressed from their first byte on: files are read seldom, and the disk has others. */
const COMPRESS_FROM_BYTES = 1;
const BLOCK_BYTES = 4096;
const NEW_LINE = 10;

/** What a file holds. */
interface Content extends Guarded {
  /** Unix time in milliseconds. */
  readonly storedAtMs: number;
  readonly untilMs: number;
}

/**
 * Files as a level: one for each key, named by its hash. It survives a restart, and a loss of Redis.
 * No caller waits until the disk has what is written: a file that is damaged is a miss.
 */
export class FileTier implements Tier {
  readonly name = 'files';
  readonly #options: FileTierOptions;
  readonly #index: FileIndex;
  /** Of one key, one after the other: the file that is replaced is the one that was compared. */
  readonly #inTurn = createTurns();

  constructor(options: FileTierOptions) {
    this.#options = options;
    this.#index = new FileIndex(options.maxBytes);
  }

  get bytes(): number {
    return this.#index.bytes;
  }

  /** Throws if the folder cannot be written. */
  async open(): Promise<void> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const probe = join(folder, `${randomUUID()}.probe`);
    await writeFile(probe, '');
    await rm(probe);
  }

  /** Finds what an earlier process left. Reads and writes go on meanwhile. */
  async index(signal: AbortSignal): Promise<void> {
    const { folder } = this.#options;
    const found: (KnownFile & { readonly name: string; readonly usedAtMs: number })[] = [];
    for (const { name: shard } of (await readdir(folder, { withFileTypes: true })).filter((each) =>
      each.isDirectory(),
    )) {
      for (const file of await readdir(join(folder, shard))) {
        if (signal.aborted) return;
        const name = join(shard, file);
        // The last process ended while it wrote this.
        if (file.includes('.')) await rm(join(folder, name), { force: true });
        else {
          const info = await stat(join(folder, name)).catch(undefinedIfMissing);
          if (info)
            found.push({ name, bytes: onDisk(info.size), untilMs: info.mtimeMs, usedAtMs: info.atimeMs });
        }
      }
    }
    found.sort((a, b) => a.usedAtMs - b.usedAtMs);
    this.#index.addOlder(found.map(({ name, bytes, untilMs }) => ({ name, bytes, untilMs })));
    await this.removeExpired();
    await this.#remove(this.#index.takeExcess());
  }

  async read(keys: readonly string[]): Promise<readonly (FoundEntry | undefined)[]> {
    return await Promise.all(keys.map((key) => this.#readOne(key)));
  }

  async write(key: string, entry: StoredEntry): Promise<WriteOutcome> {
    return await this.#inTurn(key, async () => {
      const held = await this.#readFile(key);
      if (held && !held.floors.every((floor) => covers(entry.version, floor))) return 'below';
      if (held && isOlder(entry.version, held.version)) return 'older';
      const body = await bodyOf(entry, COMPRESS_FROM_BYTES);
      const storedAtMs = this.#options.now();
      const floors = held?.floors ?? [];
      const content = {
        version: entry.version,
        floors,
        body,
        storedAtMs,
        untilMs: storedAtMs + entry.keptMs,
      };
      return await this.#replace(key, content).then(() => 'stored' as const, fullIfNoRoom);
    });
  }

  async raise(key: string, floors: Version): Promise<void> {
    await this.#inTurn(key, async () => {
      const held = await this.#readFile(key);
      const all = mergeFloors(held?.floors ?? [], floors);
      const stays = held && held.body.length > 0 && all.every((floor) => covers(held.version, floor));
      const storedAtMs = this.#options.now();
      const untilMs = storedAtMs + this.#options.floorTtlMs;
      const content = stays
        ? { ...held, floors: all }
        : { version: [], floors: all, body: NO_BODY, storedAtMs, untilMs };
      const outcome = await this.#replace(key, content).catch(fullIfNoRoom);
      // Without the floor, an older value that comes now finds no room either; the floors of the processes hold.
      if (outcome === 'full') await this.#removeFile(fileOf(key));
    });
  }

  /** Removes what is not kept any more. Call it now and then. */
  async removeExpired(): Promise<number> {
    return await this.#remove(this.#index.takeExpired(this.#options.now()));
  }

  async #readOne(key: string): Promise<FoundEntry | undefined> {
    const content = await this.#readFile(key);
    const entry = content && (await readBody(content));
    if (!entry) return undefined;
    this.#index.use(fileOf(key));
    return { entry, ageMs: Math.max(0, this.#options.now() - content.storedAtMs) };
  }

  /** Undefined if there is none, or none that can be read. */
  async #readFile(key: string): Promise<Content | undefined> {
    const name = fileOf(key);
    const path = join(this.#options.folder, name);
    const bytes = await readFile(path).catch(undefinedIfMissing);
    if (bytes === undefined) return undefined;
    try {
      const content = parse(key, bytes);
      if (content.untilMs > this.#options.now()) return content;
    } catch (error) {
      this.#options.onDamage(path, error);
    }
    await this.#removeFile(name);
    return undefined;
  }

  /** A reader sees the old file or the new one, never a part. */
  async #replace(key: string, content: Content): Promise<void> {
    const name = fileOf(key);
    const path = join(this.#options.folder, name);
    const bytes = format(key, content);
    const draft = `${path}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    try {
      await writeFile(draft, bytes, { mode: 0o600 });
      await utimes(draft, this.#options.now() / 1_000, content.untilMs / 1_000);
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    this.#index.add(name, { bytes: onDisk(bytes.length), untilMs: content.untilMs });
    await this.#remove(this.#index.takeExcess());
  }

  async #removeFile(name: string): Promise<void> {
    this.#index.remove(name);
    await rm(join(this.#options.folder, name), { force: true });
  }

  async #remove(names: readonly string[]): Promise<number> {
    for (const name of names) await rm(join(this.#options.folder, name), { force: true });
    return names.length;
  }
}

const NO_BODY = Buffer.alloc(0);

/** Its folder and its name in it. */
function fileOf(key: string): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 40);
  return join(hash.slice(0, 2), hash.slice(2));
}

/** A file has a checksum over all that follows it. */
function format(key: string, { version, floors, body, storedAtMs, untilMs }: Content): Buffer {
  const rest = Buffer.concat([
    Buffer.from(`${JSON.stringify([key, storedAtMs, untilMs])}\n${guardLine(version, floors)}`),
    body,
  ]);
  return Buffer.concat([Buffer.from(`${FORM} ${crc32(rest)}\n`), rest]);
}

/** Throws if it is damaged, of another form or of another key. */
function parse(key: string, bytes: Buffer): Content {
  const [first, rest] = cut(bytes);
  if (first !== `${FORM} ${crc32(rest)}`) throw new Error('it is not what was written');
  const [second, guarded] = cut(rest);
  const [ofKey, storedAtMs, untilMs] = JSON.parse(second) as [string, number, number];
  if (ofKey !== key) throw new Error('it is of another key');
  return { ...readGuard(guarded), storedAtMs, untilMs };
}

function cut(bytes: Buffer): [string, Buffer] {
  const end = bytes.indexOf(NEW_LINE);
  return [bytes.toString('utf8', 0, Math.max(end, 0)), bytes.subarray(end + 1)];
}

const onDisk = (bytes: number) => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;

/** A disk without room takes no entry, and is not broken for that. */
function fullIfNoRoom(error: NodeJS.ErrnoException): 'full' {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return 'full';
  throw error;
}

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
