import { readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');

/** The scripts that generate files, by what they generate. With `--check` they write nothing and exit with 1 if a file is out of date. */
export const generators: Readonly<Record<string, string>> = {
  'contracts and client code': 'packages/contracts/scripts/generate.ts',
  'docs/api.md': 'tools/generate/api-page.ts',
  'docs/configuration.md': 'tools/generate/configuration-page.ts',
  'docs/limits.md': 'tools/generate/limits-page.ts',
  'docs/signals.md': 'tools/generate/signals-page.ts',
  'tools/layers.biome.json': 'tools/generate/layer-rules.ts',
};

/** Writes a generated file; with `--check` on the command line only compares it. */
export function writeOrCheck(file: string, content: string): void {
  const path = resolve(root, file);
  if (!process.argv.includes('--check')) writeFileSync(path, content);
  else if (readFileSync(path, 'utf8') !== content) {
    console.error(`${relative(root, path)} is out of date: run make generate`);
    process.exitCode = 1;
  }
}
