import { execFile } from 'node:child_process';
import type { EngineFacts } from './engine-kind.ts';

/** Long, because the first run reads the whole binary from a cold disk. */
const PROBE_TIMEOUT_MS = 20_000;

export type Probe =
  | { readonly isSuitable: true; readonly version: string }
  | {
      readonly isSuitable: false;
      readonly why: string;
      /** How to fix it, if known. */
      readonly fix?: string;
    };

/** Runs a binary with `--version`. A binary that does not run or is too old counts as missing. */
export async function probeBinary(path: string, facts: EngineFacts): Promise<Probe> {
  const run = await runVersion(path);
  if (run.error !== undefined) return doesNotRun(run.error, run.output);
  const version = facts.versionPattern.exec(run.output)?.[1];
  if (version === undefined) return { isSuitable: false, why: 'prints no version' };
  if (isOlder(version, facts.minVersion)) {
    return { isSuitable: false, why: `is ${version}, older than ${facts.minVersion}` };
  }
  return { isSuitable: true, version };
}

interface VersionRun {
  readonly output: string;
  readonly error: (Error & { killed?: boolean; code?: unknown }) | undefined;
}

function runVersion(path: string): Promise<VersionRun> {
  return new Promise((resolve) => {
    execFile(
      path,
      ['--version'],
      { timeout: PROBE_TIMEOUT_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        resolve({ output: `${stdout}\n${stderr}`, error: error ?? undefined });
      },
    );
  });
}

function doesNotRun(error: NonNullable<VersionRun['error']>, output: string): Probe {
  if (error.killed === true)
    return { isSuitable: false, why: `does not answer within ${PROBE_TIMEOUT_MS / 1000} s` };
  const missingLibrary = /(?<![\w.+-])([\w.+-]+): cannot open shared object file/.exec(output)?.[1];
  if (missingLibrary !== undefined) {
    return {
      isSuitable: false,
      why: `does not run: ${missingLibrary} is missing`,
      fix: libraryFix(missingLibrary),
    };
  }
  const firstLine = output.split('\n').find((line) => line.trim() !== '');
  const code = typeof error.code === 'number' ? `exit code ${error.code}` : error.message.split('\n', 1)[0];
  return { isSuitable: false, why: `does not run: ${firstLine?.trim() ?? code}` };
}

/** Debian's packages for libraries that may be missing on a small system. */
const debianPackages: Readonly<Record<string, string>> = {
  'libcurl.so.4': 'libcurl4',
  'libssl.so.3': 'libssl3',
  'libcrypto.so.3': 'libssl3',
  'liblzma.so.5': 'liblzma5',
};

function libraryFix(library: string): string {
  const debian = debianPackages[library];
  const command = debian === undefined ? '' : ` (Debian, Ubuntu: apt-get install ${debian})`;
  return `install the system library ${library}${command}`;
}

/** Compares versions of dotted numbers. */
function isOlder(version: string, minimum: string): boolean {
  const have = version.split('.').map(Number);
  const need = minimum.split('.').map(Number);
  for (const [at, number] of need.entries()) {
    const own = have[at] ?? 0;
    if (own !== number) return own < number;
  }
  return false;
}
