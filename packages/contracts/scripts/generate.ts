/**
 * Generates the contracts from proto/ and the table of signals: code for the services and for each client, and the
 * descriptor set for gRPC reflection.
 * With `--check` it changes nothing, lists the files that are out of date, and exits with 1 if there are any.
 * With `--release` it records the current contract as the one that later contracts must not break.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { knownSignalsCode } from './known-signals-code.ts';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
/** The services have the contracts in a package of their own, each client carries a copy. */
const SERVICES = 'packages/contracts/src';
const TARGETS = [SERVICES, 'clients/typescript/src', 'clients/python/src'];
const GENERATED = 'generated';
const KNOWN_SIGNALS_FILE = 'known-signals.ts';
/** Only our own: those of Google are a dependency of the client. */
const PYTHON_FILE = /^odograph\/.*_pb2\.pyi?$/;
const DESCRIPTOR_SET = 'descriptor-set.binpb';
const RELEASED = 'packages/contracts/released.binpb';

function buf(...args: readonly string[]): void {
  const program = join(ROOT, 'node_modules/.bin/buf');
  execFileSync(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Writes all generated files below a folder, under their paths in the repository. */
function generateInto(folder: string): void {
  buf('generate', '--output', folder);
  writeFileSync(join(folder, SERVICES, GENERATED, KNOWN_SIGNALS_FILE), knownSignalsCode());
  const descriptorSet = join(folder, SERVICES, DESCRIPTOR_SET);
  buf('build', '--as-file-descriptor-set', '--exclude-source-info', '--output', descriptorSet);
}

function generatedFilesIn(folder: string): readonly string[] {
  const isGenerated = (file: string) => {
    return file === DESCRIPTOR_SET || file.startsWith(`${GENERATED}/`) || PYTHON_FILE.test(file);
  };
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter(isGenerated);
}

interface Difference {
  readonly kind: 'missing' | 'out of date' | 'left over';
  readonly file: string;
}

function differences(current: string, fresh: string): readonly Difference[] {
  const [committed, wanted] = [new Set(generatedFilesIn(current)), new Set(generatedFilesIn(fresh))];
  const isSame = (file: string) => readFileSync(join(current, file)).equals(readFileSync(join(fresh, file)));
  const found: Difference[] = [];
  for (const file of wanted) {
    if (!committed.has(file)) found.push({ kind: 'missing', file });
    else if (!isSame(file)) found.push({ kind: 'out of date', file });
  }
  for (const file of committed) {
    if (!wanted.has(file)) found.push({ kind: 'left over', file });
  }
  return found;
}

/** Copies only the files that differ, so that running programs are not disturbed. */
function apply(found: readonly Difference[], current: string, fresh: string): void {
  for (const { kind, file } of found) {
    if (kind === 'left over') rmSync(join(current, file));
    else cpSync(join(fresh, file), join(current, file), { recursive: true });
  }
}

function main(isCheck: boolean): void {
  const scratch = mkdtempSync(join(tmpdir(), 'odograph-contracts-'));
  try {
    generateInto(scratch);
    for (const target of TARGETS) {
      const [current, fresh] = [join(ROOT, target), join(scratch, target)];
      const found = differences(current, fresh);
      for (const { kind, file } of found) console.log(`${kind.padEnd(11)}  ${target}/${file}`);
      if (!isCheck) apply(found, current, fresh);
      else if (found.length > 0) process.exitCode = 1;
    }
    if (process.exitCode) console.error('the generated contracts are out of date: run make generate');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** To break the last release on purpose, add a new version of the package in proto/ instead. */
function release(): void {
  buf('breaking', '--against', RELEASED);
  buf('build', '--exclude-source-info', '--output', RELEASED);
}

if (process.argv.includes('--release')) release();
else main(process.argv.includes('--check'));
