import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readOwn } from '@odograph/engines/own-json';
import { projectRoot } from '@odograph/engines/project-paths';

const SOURCE = resolve(import.meta.dirname, 'emmett');
const DIRECTORY = resolve(projectRoot, '.cache/bench/emmett');
/** The installed lockfile. It is written last, so that an interrupted installation is repeated. */
const STAMP = join(DIRECTORY, '.installed');

type EmmettInstall =
  | { readonly isInstalled: true; readonly directory: string }
  | { readonly isInstalled: false; readonly why: string };

/** Installs Emmett's packages, which are not part of the project, into a cache; the lockfile is beside the script. */
export async function installEmmett(): Promise<EmmettInstall> {
  const lockfile = await readFile(join(SOURCE, 'package-lock.json'), 'utf8');
  const isCurrent = readOwn(STAMP) === lockfile;
  if (!isCurrent) await rm(STAMP, { force: true });
  // The script is copied each time, because only the packages are cached.
  await cp(SOURCE, DIRECTORY, { recursive: true });
  if (!isCurrent) {
    const why = await npmInstall();
    if (why !== undefined) return { isInstalled: false, why };
    await writeFile(STAMP, lockfile);
  }
  return { isInstalled: true, directory: DIRECTORY };
}

const NPM_ARGUMENTS = [
  'ci',
  ...['--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'],
  // Fail soon: the bench continues without Emmett.
  ...['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000'],
];

/** @returns why it failed; undefined if it succeeded. */
function npmInstall(): Promise<string | undefined> {
  return new Promise((done) => {
    execFile('npm', NPM_ARGUMENTS, { cwd: DIRECTORY }, (error, _stdout, stderr) => {
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
