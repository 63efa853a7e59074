import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');
const BIN = join(ROOT, 'node_modules/.bin');
/** The contract of the last release, written by `generate.ts --release`. */
const RELEASED = join(ROOT, 'packages/contracts/released.binpb');
const IN_SECONDS = 30_000;

/** Runs buf in a folder, and returns its complaints; '' if there are none. */
function complaints(folder: string, ...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(join(BIN, 'buf'), args, { cwd: folder, encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

/** A copy of proto/ and its rules that a test may change. */
function copyOfProto(): string {
  const folder = mkdtempSync(join(tmpdir(), 'odograph-proto-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['proto', 'buf.yaml', 'buf.gen.yaml']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  return folder;
}

function change(folder: string, file: string, from: string, to: string): void {
  const path = join(folder, 'proto/odograph', file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

test('the generated code and the descriptor set are what proto/ gives', { timeout: IN_SECONDS }, () => {
  const script = join(ROOT, 'packages/contracts/scripts/generate.ts');
  const { stdout, status } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
});

test('the contracts keep the rules of buf.yaml', { timeout: IN_SECONDS }, () => {
  expect(complaints(ROOT, 'lint')).toBe('');
});

test('the files of google and grpc are as published', () => {
  const folder = join(ROOT, 'proto');
  const published = readFileSync(join(folder, 'published.sha256'), 'utf8');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(google|grpc)\/.*\.proto$/.test(file))
    .toSorted();
  const sums = files.map((file) => `${hash('sha256', readFileSync(join(folder, file)))}  ${file}\n`);
  expect(sums.join('')).toBe(published);
});

test('a field without a comment breaks the rules', { timeout: IN_SECONDS }, () => {
  const folder = copyOfProto();
  change(folder, 'telemetry/v1/position.proto', '  // The partition of the log, from 0.\n', '');
  expect(complaints(folder, 'lint')).toContain('position.proto');
});

test('no contract breaks the released one', { timeout: IN_SECONDS }, () => {
  expect(complaints(ROOT, 'breaking', '--against', RELEASED)).toBe('');
});

test.each([
  ['a field that changes its number', 'uint32 partition = 1;', 'uint32 partition = 9;'],
  ['a field that changes its type', 'uint32 partition = 1;', 'string partition = 1;'],
  ['a field that is missing', 'uint64 sequence = 2;', ''],
])('%s is a break', { timeout: IN_SECONDS }, (_, from, to) => {
  const folder = copyOfProto();
  change(folder, 'telemetry/v1/position.proto', from, to);
  expect(complaints(folder, 'breaking', '--against', RELEASED)).toContain('position.proto');
});
