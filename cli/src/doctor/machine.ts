import { constants, existsSync } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { streamSizeOf } from '@odograph/cluster/stream-size';
import { engineFacts, engineKinds } from '@odograph/engines/engine-kind';
import { isSystemError } from '@odograph/engines/errno';
import { lookForEngine } from '@odograph/engines/find-engine';
import { DEFAULT_MIN_FREE_DISK_PCT } from '@odograph/kernel/defaults';
import { isFault } from '@odograph/kernel/fault';
import { maskPassword } from '@odograph/platform/config/setting';
import { type Check, fail, ok, warn } from './check.ts';

const NODE_MAJOR = 24;
const TIGHT_BELOW = 0.2;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

export function checkNode(version: string): Check {
  if (Number(version.split('.')[0]) >= NODE_MAJOR) return ok('node', version);
  return fail(
    'node',
    `${version} is too old: ${NODE_MAJOR} or newer is needed`,
    'run make setup, which installs it',
  );
}

/** Where each engine would come from: the binary that would be started, not what runs. Nothing is installed. */
export async function* checkBinaries(env: NodeJS.ProcessEnv): AsyncGenerator<Check> {
  for (const kind of engineKinds) {
    const { title, urlVariable, isOptional, byHand } = engineFacts[kind];
    try {
      const found = await lookForEngine(kind, env);
      if (found.kind === 'url')
        yield ok(`${title} binary`, `not needed: ${urlVariable} is ${maskPassword(found.url)}`);
      else yield ok(`${title} binary`, `${found.version}, ${found.path}`);
    } catch (error) {
      if (!isFault(error)) throw error;
      const report = isOptional ? warn : fail;
      yield report(`${title} binary`, error.message, `run make setup, set ${urlVariable}, or ${byHand}`);
    }
  }
}

/** The directory, or the nearest existing one above it, and its disk. */
export async function* checkDataDir(dataDir: string, env: NodeJS.ProcessEnv): AsyncGenerator<Check> {
  const existing = await nearestExisting(dataDir);
  const disk = await statfs(existing);
  const wrong = await whyUnusable(existing, dataDir);
  if (wrong) {
    yield wrong;
    yield checkDisk(disk);
  } else {
    yield ok('data directory', existing === dataDir ? dataDir : `${dataDir}, created on first use`);
    yield checkFirstStart(dataDir, env, disk) ?? checkDisk(disk);
  }
}

interface Disk {
  readonly bavail: number;
  readonly blocks: number;
  readonly bsize: number;
}

/** Whether `odograph up` would refuse to make its streams on the disk. */
function checkFirstStart(
  dataDir: string,
  env: NodeJS.ProcessEnv,
  { bavail, bsize }: Pick<Disk, 'bavail' | 'bsize'>,
): Check | undefined {
  try {
    streamSizeOf({ dataDir, env }, bavail * bsize);
    return undefined;
  } catch (error) {
    if (!isFault(error, 'RULE_VIOLATED')) throw error;
    return fail('disk', error.message, 'odograph up does not start before that');
  }
}

export function checkDisk(disk: Disk): Check {
  const share = disk.bavail / disk.blocks;
  const free = `${(share * 100).toFixed(0)} % free, ${sizeInWords(disk.bavail * disk.bsize)}`;
  if (share * 100 < DEFAULT_MIN_FREE_DISK_PCT)
    return fail(
      'disk',
      `${free}: ingest refuses telemetry below ${DEFAULT_MIN_FREE_DISK_PCT} %`,
      'free some space',
    );
  if (share < TIGHT_BELOW)
    return warn(
      'disk',
      free,
      `free some space: ingest refuses telemetry below ${DEFAULT_MIN_FREE_DISK_PCT} %`,
    );
  return ok('disk', free);
}

/** Such as `300 MiB` or `37.1 GiB`. */
function sizeInWords(bytes: number): string {
  return bytes < GIB ? `${Math.floor(bytes / MIB)} MiB` : `${(bytes / GIB).toFixed(1)} GiB`;
}

/** Whether services can listen on this machine; they choose free ports. */
export async function checkLoopback(): Promise<Check> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<Check>();
  server.once('error', (error) => {
    resolve(
      fail(
        'ports',
        `cannot listen on 127.0.0.1: ${error.message}`,
        'allow programs on this machine to listen there',
      ),
    );
  });
  server.listen(0, '127.0.0.1', () => {
    server.close(() => resolve(ok('ports', 'free ports are available on 127.0.0.1')));
  });
  return promise;
}

async function nearestExisting(path: string): Promise<string> {
  if (existsSync(path) || dirname(path) === path) return path;
  return nearestExisting(dirname(path));
}

/** Undefined if this process can use the folder, or make the data directory in it. */
async function whyUnusable(path: string, dataDir: string): Promise<Check | undefined> {
  const found = await stat(path);
  const another = 'set ODO_DATA_DIR to another one';
  if (!found.isDirectory()) return fail('data directory', `${path} is not a directory`, another);
  try {
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const own = process.getuid?.();
    const isForeign = own !== undefined && own !== found.uid;
    const whose = isForeign ? `: it belongs to user ${found.uid}, and this is user ${own}` : '';
    // In a folder of another user, such as /, no data directory is to be made.
    const isTheirs = isForeign && path === dataDir;
    const remedy = isTheirs ? `run the doctor as user ${found.uid}, or ${another}` : another;
    return fail('data directory', `${path} cannot be used (${error.code})${whose}`, remedy);
  }
}
