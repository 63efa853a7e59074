/** Sets the version of every package, and of their dependencies on each other: `node tools/set-version.ts 0.2.0`. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { root } from './generated.ts';

const [version = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`"${version}" is not a version such as 0.2.0`);

const manifests = [
  'package.json',
  '{packages,services,clients}/*/package.json',
  '{cli,bench,chaos,fuzz,tools}/package.json',
  'clients/python/pyproject.toml',
];
for (const file of globSync(manifests, { cwd: root })) {
  const path = resolve(root, file);
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(
    /^( {2}"version": | {4}"@odograph\/[a-z-]+": |version = )"[^"]+"/gm,
    `$1"${version}"`,
  );
  writeFileSync(path, changed);
}
