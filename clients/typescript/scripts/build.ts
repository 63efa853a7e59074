/**
 * Builds the package that is published: plain ESM with types.
 * Usage: node scripts/build.ts [folder], by default dist/.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PACKAGE = resolve(import.meta.dirname, '..');
const ROOT = resolve(PACKAGE, '../..');

function build(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = ['-p', join(PACKAGE, 'tsconfig.build.json'), '--outDir', folder];
  execFileSync(process.execPath, [tsc, ...args], { stdio: 'inherit' });
  const {
    private: _private,
    scripts: _scripts,
    exports: _exports,
    ...rest
  } = readJson(join(PACKAGE, 'package.json'));
  const published = {
    ...rest,
    exports: {
      '.': { types: './client.d.ts', default: './client.js' },
      './*': { types: './*.d.ts', default: './*.js' },
    },
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  cpSync(join(PACKAGE, 'README.md'), join(folder, 'README.md'));
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8'));
}

build(resolve(process.argv[2] ?? join(PACKAGE, 'dist')));
