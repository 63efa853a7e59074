import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readOwn } from '@odograph/engines/own-json';
import { projectRoot } from '@odograph/engines/project-paths';

/** A reference with packages that are not part of the project: a folder beside this file, with its script and lockfile. */
type Reference = 'emmett' | 'bentocache';

type Installed =
  | { readonly isInstalled: true; readonly directory: string }
  | { readonly isInstalled: false; readonly why: string };

/** Installs the packages of a reference into a cache. */
export async function installReference(reference: Reference): Promise<Installed> {
  const source = resolve(import.meta.dirname, reference);
  const directory = resolve(projectRoot, '.cache/bench', reference);
  // The installed lockfile. It is written last, so that an interrupted installation is repeated.
  const stamp = join(directory, '.installed');
  const lockfile = await readFile(join(source, 'package-lock.json'), 'utf8');
  const isCurrent = readOwn(stamp) === lockfile;
  if (!isCurrent) await rm(stamp, { force: true });
  // The script is copied each time, because only the packages are cached.
  await cp(source, directory, { recursive: true });
  if (!isCurrent) {
    const why = await npmInstall(directory);
    if (why !== undefined) return { isInstalled: false, why };
    await writeFile(stamp, lockfile);
  }
  return { isInstalled: true, directory };
}

const NPM_ARGUMENTS = [
  'ci',
  ...['--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'],
  // Fail soon: the bench continues without it.
  ...['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000'],
];

/** @returns why it failed; undefined if it succeeded. */
function npmInstall(directory: string): Promise<string | undefined> {
  return new Promise((done) => {
    execFile('npm', NPM_ARGUMENTS, { cwd: directory }, (error, _stdout, stderr) => {
      done(error === null ? undefined : reasonOf(error, stderr));
    });
  });
}

/** The error of npm in one line, without the address of the registry. */
export function reasonOf(error: Error & { code?: string | number | null }, stderr: string): string {
  if (error.code === 'ENOENT') return 'npm is not on PATH';
  const code = /^npm error code (\w+)$/m.exec(stderr)?.[1];
  if (code === undefined) return `its packages cannot be installed: ${error.message.split('\n')[0]}`;
  if (UNREACHABLE.test(code)) return `the package registry cannot be reached (${code})`;
  return `npm cannot install its packages (${code})`;
}

const UNREACHABLE =
  /^(ENOTFOUND|EAI_AGAIN|ECONN[A-Z]+|E?TIMEDOUT|ETIMEOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|E5\d\d)$/;
