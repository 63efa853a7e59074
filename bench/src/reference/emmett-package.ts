import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readOwn } from '@odograph/engines/own-json';
import { projectRoot } from '@odograph/engines/project-paths';

const SOURCE = resolve(import.meta.dirname, 'emmett');
const DIRECTORY = resolve(projectRoot, '.cache/bench/emmett');
/** Written last: whatever is interrupted is done again. It holds the lockfile that was installed. */
const STAMP = join(DIRECTORY, '.installed');

export type EmmettInstall =
  | { readonly isInstalled: true; readonly directory: string }
  | { readonly isInstalled: false; readonly why: string };

/** Emmett's packages are no part of the project: they are installed into a cache by the lockfile beside their script. */
export async function installEmmett(): Promise<EmmettInstall> {
  const lockfile = await readFile(join(SOURCE, 'package-lock.json'), 'utf8');
  const isCurrent = readOwn(STAMP) === lockfile;
  if (!isCurrent) await rm(STAMP, { force: true });
  // The script is taken anew each time: only the packages are worth keeping.
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
  // A bench that goes on without it should do so soon.
  ...['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000'],
];

/** Undefined when it is done, else why not. */
function npmInstall(): Promise<string | undefined> {
  return new Promise((done) => {
    execFile('npm', NPM_ARGUMENTS, { cwd: DIRECTORY }, (error, _stdout, stderr) => {
      done(error === null ? undefined : reasonOf(error, stderr));
    });
  });
}

/** What npm means by what it writes, as one line. It also writes where it asked, which says nothing to a reader. */
export function reasonOf(error: Error & { code?: string | number | null }, stderr: string): string {
  if (error.code === 'ENOENT') return 'npm is not on PATH';
  const code = /^npm error code (\w+)$/m.exec(stderr)?.[1];
  if (code === undefined) return `its packages cannot be installed: ${error.message.split('\n')[0]}`;
  if (UNREACHABLE.test(code)) return `the package registry cannot be reached (${code})`;
  return `npm cannot install its packages (${code})`;
}

const UNREACHABLE =
  /^(ENOTFOUND|EAI_AGAIN|ECONN[A-Z]+|E?TIMEDOUT|ETIMEOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|E5\d\d)$/;
